#!lua
-- The first GET of a playback grant: enters that it was played.
--
-- KEYS[1]  the key of the grant
-- KEYS[2]  the audit stream of the tenant
-- ARGV[1]  attempt: 1 to 64 bytes that name this request; also the echo
-- ARGV[2]  epoch: the master_replid of the primary, 40 hex digits
-- ARGV[3]  the first of the audit fields
--
-- Returns {code, echo, number, text}; number is 0, text is empty.  Code 0:
-- there is no such playback grant, or another primary recorded it; 1: begun,
-- now or before.  One grant is entered once.

--@ include common.lua
--@ include audit.lua

local attempt = ARGV[1]
local AUDIT = 3

local bad = #KEYS ~= 2 and refuse('bad arity') or misfit(AUDIT)
            or wrong_type(KEYS[2], 'stream') or stale()

if bad then
    return bad
end

if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then
    return { 0, attempt, 0, '' }
end

local grant = redis.call('HMGET', KEYS[1], 'action', 'epoch', 'state')

if grant[1] ~= 'playback' or grant[2] ~= ARGV[2]
   or (grant[3] ~= 'fresh' and grant[3] ~= 'begun')
then
    return { 0, attempt, 0, '' }
end

if grant[3] == 'fresh' then
    enter(KEYS[2], 'playback.started', AUDIT)
    redis.call('HSET', KEYS[1], 'state', 'begun')
end

return { 1, attempt, 0, '' }
