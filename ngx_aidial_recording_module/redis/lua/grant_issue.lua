#!lua
-- A grant request that was judged: counts it, enters it, registers the grant.
--
-- KEYS[1]  the key of the grant: of this request alone, granted or not
-- KEYS[2]  the key of the user's rate
-- KEYS[3]  the audit stream of the tenant
-- ARGV[1]  attempt: 1 to 64 bytes that name this request; also the echo
-- ARGV[2]  epoch: the master_replid of the primary, 40 hex digits
-- ARGV[3]  verdict: "allowed", or "refused" by scope or policy
-- ARGV[4]  action: "playback" or "download"
-- ARGV[5]  life of the grant's key, whole seconds, 1 to 31536000 (a year)
-- ARGV[6]  microseconds between two requests at the rate; 0: no limit
-- ARGV[7]  burst: requests beyond the first that may come at once
-- ARGV[8]  the first of the audit fields
--
-- Returns {code, echo, number, text}; text is empty.  Code 1: entered, and
-- registered when it was allowed; 2: the user's rate is exceeded, number is
-- the microseconds to wait; 0: the key is another's.  A request that asks
-- again after its answer was lost is answered 1, and nothing is done.
--
-- The rate is GCRA, as nginx's limit_req with "nodelay": "tat" is when the
-- bucket will be empty.  A request over the rate changes no "tat".

--@ include common.lua
--@ include audit.lua

local attempt = ARGV[1]
local AUDIT = 8
local REFUSED_LIFE = 60000   -- ms that a refused request is remembered

local bad = #KEYS ~= 3 and refuse('bad arity') or misfit(AUDIT)
            or wrong_type(KEYS[1], 'hash') or wrong_type(KEYS[2], 'hash')
            or wrong_type(KEYS[3], 'stream') or stale()

if bad then
    return bad
end

if (ARGV[3] ~= 'allowed' and ARGV[3] ~= 'refused')
   or (ARGV[4] ~= 'playback' and ARGV[4] ~= 'download')
then
    return refuse('argument out of bounds')
end

local life = whole(ARGV[5], 31536000)
local interval = whole(ARGV[6], 3600000000)
local burst = whole(ARGV[7], 1000000)

if not life or life < 1 or not interval or not burst then
    return refuse('argument out of bounds')
end

-- the same request again, or an id that is taken

if redis.call('EXISTS', KEYS[1]) == 1 then
    if redis.call('HGET', KEYS[1], 'attempt') == attempt then

        -- it may have been another primary that did it; nobody knows the
        -- grant yet, so this one may vouch for it

        if redis.call('HGET', KEYS[1], 'state') == 'fresh' then
            redis.call('HSET', KEYS[1], 'epoch', ARGV[2])
        end

        return { 1, attempt, 0, '' }
    end

    return { 0, attempt, 0, '' }
end

-- the rate, in microseconds

local instant = seconds * 1000000 + micros
local tat = tonumber(redis.call('HGET', KEYS[2], 'tat') or '') or instant
local most = instant + (burst + 1) * interval

-- a time further away than any request can put it is a clock set back: the
-- user has to wait for one interval, not for the clock

if tat > most then
    tat = most
    redis.call('HSET', KEYS[2], 'tat', text(tat))
end

local wait = tat - burst * interval - instant

if interval > 0 and wait > 0 then
    count(KEYS[2], KEYS[3], 'grant.limited', 1, AUDIT,
          { decision = 'rate_limited', reasons = '', grant = '' })
    return { 2, attempt, wait, '' }
end

-- audit first

if ARGV[3] == 'allowed' then
    enter(KEYS[3], 'grant.issued', AUDIT)
else
    enter(KEYS[3], 'grant.refused', AUDIT)
end

if interval > 0 then
    tat = math.max(tat, instant) + interval
    redis.call('HSET', KEYS[2], 'tat', text(tat))
    keep(KEYS[2], math.ceil((tat - instant) / 1000))
end

if ARGV[3] == 'allowed' then
    redis.call('HSET', KEYS[1], 'attempt', attempt, 'epoch', ARGV[2],
               'action', ARGV[4], 'state', 'fresh')
    redis.call('EXPIRE', KEYS[1], text(life))
else
    redis.call('HSET', KEYS[1], 'attempt', attempt, 'state', 'refused')
    redis.call('PEXPIRE', KEYS[1], REFUSED_LIFE)
end

return { 1, attempt, 0, '' }
