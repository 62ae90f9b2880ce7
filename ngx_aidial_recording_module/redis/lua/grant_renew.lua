#!lua
-- A delivery still runs: renews its lease.  The first time, before the first
-- byte of the body, it also keeps what a resume will have to match.
--
-- KEYS[1]  the key of the grant
-- ARGV[1]  attempt: 1 to 64 bytes that name the delivery; also the echo
-- ARGV[2]  lease, ms
-- ARGV[3]  the strong entity tag of the answer, at most 256 bytes, or empty
-- ARGV[4]  size of the object in bytes, with an entity tag
--
-- Returns {code, echo, number, text}; number is 0, text is empty.  Code 1:
-- renewed; 0: the grant is not this delivery's, or its lease has lapsed: then
-- it is closed.

local attempt = ARGV[1]
local MARGIN = 60000   -- ms a key outlives its use

if #KEYS ~= 1 or #ARGV ~= 4 or #attempt < 1 or #attempt > 64
   or not string.find(ARGV[2], '^[1-9]%d?%d?%d?%d?%d?%d?$')
   or #ARGV[3] > 256 or #ARGV[4] > 16
   or not string.find(ARGV[4], '^%d+$')
then
    return redis.error_reply('ERR aidial: argument out of bounds')
end

if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then
    return { 0, attempt, 0, '' }
end

local held = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'lease', 'etag',
                        'from')

if held[1] ~= 'running' or held[2] ~= attempt then
    return { 0, attempt, 0, '' }
end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease = tonumber(ARGV[2])

if now > (tonumber(held[3] or '') or 0) then
    redis.call('HSET', KEYS[1], 'state', 'closed')
    return { 0, attempt, 0, '' }
end

redis.call('HSET', KEYS[1], 'lease', string.format('%.0f', now + lease))

-- only the first answer says which object it is

if ARGV[3] ~= '' and not held[4] and not held[5] then
    redis.call('HSET', KEYS[1], 'etag', ARGV[3], 'size', ARGV[4])
end

if redis.call('PTTL', KEYS[1]) < 2 * lease + MARGIN then
    redis.call('PEXPIRE', KEYS[1], string.format('%.0f', 2 * lease + MARGIN))
end

return { 1, attempt, 0, '' }
