-- wrk's script: sends the requests of a file in turn.
--
--     wrk ... -s requests.lua URL -- FILE METHOD BODY "Name: value" ...
--
-- A line of FILE is a path and a session id, with a blank between them.

local all = {}
local n, i = 0, 0


function init(args)
    local headers = { ["Host"] = "portal.example.com" }

    for at = 4, #args do
        local name, value = args[at]:match("^([^:]+): (.*)$")
        headers[name] = value
    end

    local body = args[3] ~= "" and args[3] or nil

    for line in io.lines(args[1]) do
        local path, sid = line:match("^(%S+) (%S+)$")

        headers["Cookie"] = "theme=dark; aidial_session=" .. sid
        n = n + 1
        all[n] = wrk.format(args[2], path, headers, body)
    end
end


function request()
    i = i % n + 1
    return all[i]
end


function done(summary, latency)
    local e = summary.errors

    io.write(string.format("result: %d %d %.1f %.1f %d\n", summary.requests,
             summary.duration, latency:percentile(50), latency:percentile(99),
             e.connect + e.read + e.write + e.status + e.timeout))
end
