-- What the scripts share that enter something.  It stands behind common.lua.
--
-- Redis does not undo what a script has written when it fails.  So each
-- script checks its arguments and the types of its keys first, writes the
-- entry of the audit stream next, and changes the state last.

-- the audit fields, in the order in which they come as arguments

local FIELDS = { 'user', 'role', 'tenant', 'client', 'project', 'call',
                 'action', 'decision', 'reasons', 'grant', 'session',
                 'remote_addr', 'request_id', 'user_agent', 'edge' }

local FIELD_MAX = 512        -- bytes
local MINUTE = 60000         -- ms between two counted entries
local REMEMBERED = 120000    -- ms that a count outlives what it counted


-- why the audit fields from ARGV[first] on cannot be entered, or nil

local function misfit(first)
    if #ARGV ~= first + #FIELDS - 1 then
        return refuse('bad arity')
    end

    for i = first, #ARGV do
        if #ARGV[i] > FIELD_MAX then
            return refuse('audit field out of bounds')
        end
    end

    return nil
end


-- ARGV[1] names the attempt, and ARGV[2] the primary that the connection
-- believes to talk to.  What it knows may be seconds old: a role may have
-- changed twice under it.  The error that this is, or nil; the edge connects
-- anew when it gets it.

local function stale()
    if #ARGV[1] < 1 or #ARGV[1] > 64 or #ARGV[2] ~= 40 then
        return refuse('argument out of bounds')
    end

    local id = string.match(redis.call('INFO', 'replication'),
                            '\nmaster_replid:(%x+)')

    if id == ARGV[2] then
        return nil
    end

    return redis.error_reply('OTHERPRIMARY aidial: the replication id is '
                             .. 'another one')
end


-- the proleptic Gregorian calendar from the days since 1970-01-01, as in
-- "civil_from_days", Howard Hinnant, chrono-Compatible Low-Level Date
-- Algorithms

local function iso8601()
    local floor = math.floor
    local z = floor(seconds / 86400) + 719468
    local era = floor(z / 146097)
    local doe = z - era * 146097
    local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524)
                       - floor(doe / 146096)) / 365)
    local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
    local mp = floor((5 * doy + 2) / 153)
    local day = doy - floor((153 * mp + 2) / 5) + 1
    local month = mp < 10 and mp + 3 or mp - 9
    local year = yoe + era * 400 + (month <= 2 and 1 or 0)
    local rest = seconds % 86400

    return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month,
                         day, floor(rest / 3600), floor(rest / 60) % 60,
                         rest % 60, floor(micros / 1000))
end


-- one entry: the event, the fields from ARGV[first] on, the time, and "more",
-- a list of names and values; "instead" has fields that replace arguments

local function enter(stream, event, first, more, instead)
    local words = { 'XADD', stream, '*', 'event', event }

    for i, name in ipairs(FIELDS) do
        words[#words + 1] = name
        words[#words + 1] = instead and instead[name] or ARGV[first + i - 1]
    end

    words[#words + 1] = 'time'
    words[#words + 1] = iso8601()

    for _, word in ipairs(more or {}) do
        words[#words + 1] = word
    end

    redis.call(unpack(words))
end


-- "n" more events of a kind that one user may cause without end.  The first
-- is entered at once, what follows within a minute with the next entry.
-- Returns how many ms from now the next entry may be written.

local function count(rate, stream, event, n, first, instead)
    local held = redis.call('HMGET', rate, event .. ':at', event .. ':n')
    local at = tonumber(held[1] or '') or 0
    local wait = at + MINUTE - now

    n = n + (tonumber(held[2] or '') or 0)

    -- a wait of more than a minute is a clock that was set back

    if wait > 0 and wait <= MINUTE then
        redis.call('HSET', rate, event .. ':n', text(n))
        keep(rate, REMEMBERED)
        return wait
    end

    if n > 0 then
        enter(stream, event, first, { 'count', text(n) }, instead)
        redis.call('HSET', rate, event .. ':at', text(now), event .. ':n', 0)
        keep(rate, REMEMBERED)
    end

    return MINUTE
end
