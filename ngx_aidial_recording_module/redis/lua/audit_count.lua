#!lua
-- Events that one user may cause without end: at most one entry a user, kind
-- and minute, with their count.
--
-- KEYS[1]  the key of the user's rate
-- KEYS[2]  the audit stream of the tenant
-- ARGV[1]  1 to 64 bytes that name this call: the echo
-- ARGV[2]  event: media.refused or grant.limited
-- ARGV[3]  how many more; 0: only what was counted before, if it may be
--          entered now
-- ARGV[4]  the first of the audit fields
--
-- Returns {code, echo, number, text}; text is empty.  Code 1: counted; number
-- is how many ms from now the next entry may be written.

--@ include common.lua
--@ include audit.lua

local AUDIT = 4

local bad = #KEYS ~= 2 and refuse('bad arity') or misfit(AUDIT)
            or wrong_type(KEYS[1], 'hash') or wrong_type(KEYS[2], 'stream')

if bad then
    return bad
end

local n = whole(ARGV[3], 9007199254740991)

if #ARGV[1] < 1 or #ARGV[1] > 64 or not n
   or (ARGV[2] ~= 'media.refused' and ARGV[2] ~= 'grant.limited')
then
    return refuse('argument out of bounds')
end

return { 1, ARGV[1], count(KEYS[1], KEYS[2], ARGV[2], n, AUDIT), '' }
