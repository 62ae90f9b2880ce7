#!lua
-- The end of a delivery: enters it, and says what may become of the grant.
--
-- KEYS[1]   the key of the grant
-- KEYS[2]   the audit stream of the tenant
-- ARGV[1]   attempt: 1 to 64 bytes that name the delivery; also the echo
-- ARGV[2]   event: download.completed, download.aborted, download.voided,
--           playback.closed, or media.cut, which is either: one response that
--           was withdrawn while it ran
-- ARGV[3]   "1": Redis has said that the delivery began; "0": nobody knows
-- ARGV[4]   "1": its worker was killed; then, or when its lease has lapsed,
--           the grant never opens again
-- ARGV[5]   status of the response, or 0
-- ARGV[6]   bytes handed to the socket
-- ARGV[7]   first byte of the object among them, or empty
-- ARGV[8]   last byte of the object among them, or empty
-- ARGV[9]   duration, ms
-- ARGV[10]  byte ranges of a playback, at most 512 bytes, or empty
-- ARGV[11]  bytes of the object, from its first one on, that were handed to
--           the socket; empty: it cannot be resumed
-- ARGV[12]  the first of the audit fields
--
-- Returns {code, echo, number, text}; number is 0, text is empty.  Code 1:
-- entered, now or before; 0: the delivery never began, and never will.
--
-- What was delivered is entered even if the grant is gone by now, or was
-- never known to this primary.

--@ include common.lua
--@ include audit.lua

local attempt = ARGV[1]
local event = ARGV[2]
local AUDIT = 12
local MARGIN = 120000   -- ms a key outlives its use

local bad = #KEYS ~= 2 and refuse('bad arity') or misfit(AUDIT)
            or wrong_type(KEYS[1], 'hash') or wrong_type(KEYS[2], 'stream')

if bad then
    return bad
end

local events = { ['download.completed'] = 1, ['download.aborted'] = 1,
                 ['download.voided'] = 1, ['playback.closed'] = 1,
                 ['media.cut'] = 1 }

if #attempt < 1 or #attempt > 64 or not events[event] or #ARGV[10] > 512 then
    return refuse('argument out of bounds')
end

for i = 5, 11 do
    local optional = i == 7 or i == 8 or i == 11

    if i ~= 10 and not (optional and ARGV[i] == '')
       and not whole(ARGV[i], 9007199254740991)
    then
        return refuse('argument out of bounds')
    end
end

local held = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'from',
                        'done:' .. attempt, 'voids', 'lease')

if held[4] then
    return { 1, attempt, 0, '' }
end

local holds = held[2] == attempt
              and (held[1] == 'running' or held[1] == 'closed')

if event == 'playback.closed' then
    holds = false

elseif not holds and ARGV[3] ~= '1' then

    -- should Redis hear of the attempt yet, it is dead

    if held[1] then
        redis.call('HSET', KEYS[1], 'dead:' .. attempt, 1)
    end

    return { 0, attempt, 0, '' }
end

local more = { 'status', ARGV[5], 'bytes', ARGV[6], 'first_byte', ARGV[7],
               'last_byte', ARGV[8], 'duration_ms', ARGV[9] }

if event == 'playback.closed' then
    more[#more + 1] = 'ranges'
    more[#more + 1] = ARGV[10]
else
    more[#more + 1] = 'attempt'
    more[#more + 1] = attempt
end

enter(KEYS[2], event, AUDIT, more)

redis.call('HSET', KEYS[1], 'done:' .. attempt, 1)
keep(KEYS[1], MARGIN)

if not holds then
    return { 1, attempt, 0, '' }
end

redis.call('HSET', KEYS[1], 'attempt', '')

local lapsed = now > (tonumber(held[6] or '') or 0)

if held[1] == 'closed' or ARGV[4] == '1' or lapsed then
    redis.call('HSET', KEYS[1], 'state', 'closed')

elseif event == 'download.voided' or ARGV[6] == '0' then

    -- no byte left the edge: as it was before this attempt

    redis.call('HSET', KEYS[1], 'state', held[3] and 'ended' or 'fresh',
               'voids', text((tonumber(held[5] or '') or 0) + 1))

elseif ARGV[11] == '' then
    redis.call('HSET', KEYS[1], 'state', 'closed')

else
    local use = redis.call('HMGET', KEYS[1], 'sent', 'overlap', 'resumes')
    local sent = tonumber(use[1] or '') or 0

    if held[3] then
        redis.call('HSET', KEYS[1],
                   'resumes', text((tonumber(use[3] or '') or 0) + 1),
                   'overlap', text((tonumber(use[2] or '') or 0)
                                   + sent - tonumber(held[3])))
    end

    redis.call('HSET', KEYS[1], 'state', 'ended',
               'sent', text(math.max(sent, tonumber(ARGV[11]))))
end

return { 1, attempt, 0, '' }
