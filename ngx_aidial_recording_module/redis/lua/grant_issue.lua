#!lua
-- Registers a grant.
--
-- KEYS[1]  the key of the grant
-- ARGV[1]  echo: 1 to 64 bytes that name this operation
-- ARGV[2]  action: "playback" or "download"
-- ARGV[3]  life of the key, whole seconds, 1 to 31536000 (a year)
--
-- Returns {code, echo}; code 1: registered, 0: the key exists already and was
-- left as it was.  Arguments out of bounds are an error and change nothing.

local echo = ARGV[1]
local action = ARGV[2]
local ttl = ARGV[3]

if #KEYS ~= 1 or #ARGV ~= 3 then
    return redis.error_reply('ERR aidial grant_issue: bad arity')
end

if #echo < 1 or #echo > 64 then
    return redis.error_reply('ERR aidial grant_issue: echo out of bounds')
end

if action ~= 'playback' and action ~= 'download' then
    return redis.error_reply('ERR aidial grant_issue: unknown action')
end

if #ttl > 8 or not string.find(ttl, '^[1-9]%d*$')
   or tonumber(ttl) > 31536000
then
    return redis.error_reply('ERR aidial grant_issue: life out of bounds')
end

if redis.call('EXISTS', KEYS[1]) == 1 then
    return {0, echo}
end

redis.call('HSET', KEYS[1], 'action', action, 'state', 'fresh')
redis.call('EXPIRE', KEYS[1], ttl)

return {1, echo}
