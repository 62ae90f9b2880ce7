-- The grant location: as the module's, with the module's own script for what
-- is written to Redis.

local guard = require "guard"
local cjson = require "cjson.safe"

local M = {}

local LIFE = { playback = 7200, download = 7200 }


local function asked()
    local var = ngx.var

    if ngx.req.get_method() ~= "POST" then
        return ngx.exit(405)
    end

    if var.http_sec_fetch_site ~= "same-origin" then
        return ngx.exit(403)
    end

    if var.http_content_type ~= "application/json" then
        return ngx.exit(415)
    end

    ngx.req.read_body()

    local body = cjson.decode(ngx.req.get_body_data() or "")

    if type(body) ~= "table" or not LIFE[body.action]
       or (body.action == "download" and body.confirm ~= true)
    then
        return ngx.exit(400)
    end

    return body.action
end


function M.answer()
    local sid = guard.sid()
    local action = asked()
    local call_id = ngx.var.call

    local first = guard.ask(function (red)
        red:get("aidial:session:" .. sid)
        red:get("aidial:call:" .. call_id)
    end)

    local session = guard.session(first[1])
    local tenant, user = session.tenant_id, session.user_id

    local second = guard.ask(function (red)
        red:get("aidial:revoked-before:" .. tenant .. ":" .. user)
        red:get("aidial:tenant:" .. tenant)
    end)

    guard.not_revoked(session, second[1])

    local call = guard.call(first[2], session)
    local reasons = guard.policy(action, session, second[2], call)
    local verdict = #reasons == 0 and "allowed" or "refused"
    local grant, attempt = guard.id(), guard.id()

    local third = guard.ask(function (red)
        red:evalsha(guard.conf.issue, 3,
                    "aidial:{" .. tenant .. "}:grant:" .. grant,
                    "aidial:{" .. tenant .. "}:rate:" .. user,
                    "aidial:{" .. tenant .. "}:audit",
                    attempt, guard.conf.epoch, verdict, action, LIFE[action],
                    0, 0,
                    guard.facts(session, call_id, call.project_id, action,
                                verdict == "allowed" and verdict
                                or "recording_blocked",
                                table.concat(reasons, ","), grant, sid))
    end)

    if third[1][1] ~= 1 then
        return ngx.exit(503)
    end

    if verdict ~= "allowed" then
        return ngx.exit(403)
    end

    local expires = ngx.time() + LIFE[action]
    local token = guard.sign(action, expires, grant, tenant, call.client_id,
                             call.project_id, user, call_id)

    ngx.status = 201
    ngx.header["Content-Type"] = "application/json"
    ngx.header["Cache-Control"] = "no-store"
    local text = cjson.encode {
        action = action, url = "/recordings/" .. token,
        expires_in = LIFE[action], single_use = action == "download",
        expires_at = os.date("!%Y-%m-%dT%H:%M:%SZ", expires),
    }

    ngx.header["Content-Length"] = #text
    ngx.print(text)
end


return M
