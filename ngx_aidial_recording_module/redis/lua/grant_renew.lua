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

--@ include common.lua

local attempt = ARGV[1]
local MARGIN = 60000   -- ms a key outlives its use
local lease = whole(ARGV[2] or '', 9999999)
local size = whole(ARGV[4] or '', 9999999999999999)

if #KEYS ~= 1 or #ARGV ~= 4 or #attempt < 1 or #attempt > 64
   or not lease or string.find(ARGV[2], '^0') or #ARGV[3] > 256 or not size
then
    return refuse('argument out of bounds')
end

if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then
    return { 0, attempt, 0, '' }
end

local held = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'lease', 'etag',
                        'from')

if held[1] ~= 'running' or held[2] ~= attempt then
    return { 0, attempt, 0, '' }
end

if now > (tonumber(held[3] or '') or 0) then
    redis.call('HSET', KEYS[1], 'state', 'closed')
    return { 0, attempt, 0, '' }
end

redis.call('HSET', KEYS[1], 'lease', text(now + lease))

-- only the first answer says which object it is

if ARGV[3] ~= '' and not held[4] and not held[5] then
    redis.call('HSET', KEYS[1], 'etag', ARGV[3], 'size', ARGV[4])
end

keep(KEYS[1], 2 * lease + MARGIN)

return { 1, attempt, 0, '' }
