#!lua
-- Redeems a download grant for one attempt, once.
--
-- KEYS[1]  the key of the grant
-- ARGV[1]  attempt: 1 to 64 bytes that name the attempt; also the echo
--
-- Returns {code, echo}; code 0: there is no such download grant (absent, of
-- the wrong type, or with fields this module did not write), 1: redeemed by
-- this attempt, now or when it asked before, 2: spent by another attempt.
-- Arguments out of bounds are an error and change nothing.  The key keeps the
-- life it has.

local attempt = ARGV[1]

if #KEYS ~= 1 or #ARGV ~= 1 then
    return redis.error_reply('ERR aidial grant_redeem: bad arity')
end

if #attempt < 1 or #attempt > 64 then
    return redis.error_reply('ERR aidial grant_redeem: attempt out of bounds')
end

if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then
    return {0, attempt}
end

local grant = redis.call('HMGET', KEYS[1], 'state', 'action', 'attempt')

if grant[2] ~= 'download' then
    return {0, attempt}
end

if grant[1] == 'spent' then
    if grant[3] == attempt then
        return {1, attempt}
    end

    return {2, attempt}
end

if grant[1] ~= 'fresh' then
    return {0, attempt}
end

redis.call('HSET', KEYS[1], 'state', 'spent', 'attempt', attempt)

return {1, attempt}
