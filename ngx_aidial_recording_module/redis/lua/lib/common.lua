-- What the scripts share.  A script names it in a line "--@ include
-- common.lua", and the build puts it there.

local clock = redis.call('TIME')
local seconds = tonumber(clock[1])
local micros = tonumber(clock[2])
local now = seconds * 1000 + math.floor(micros / 1000)    -- ms


-- a whole number below 2^53 as Redis and the edge write it

local function text(number)
    return string.format('%.0f', number)
end


-- the number that an argument is, or nil: only digits, at most "max"

local function whole(argument, max)
    if #argument > 16 or not string.find(argument, '^%d+$') then
        return nil
    end

    local number = tonumber(argument)

    return number <= max and number or nil
end


local function refuse(why)
    return redis.error_reply('ERR aidial: ' .. why)
end


-- the error that a key of another type would be in the middle of the script

local function wrong_type(key, expected)
    local found = redis.call('TYPE', key).ok

    if found == 'none' or found == expected then
        return nil
    end

    return redis.error_reply('WRONGTYPE aidial: a key is no ' .. expected)
end


-- lets a key live for "ms" from now on at the least

local function keep(key, ms)
    if redis.call('PTTL', key) < ms then
        redis.call('PEXPIRE', key, text(ms))
    end
end
