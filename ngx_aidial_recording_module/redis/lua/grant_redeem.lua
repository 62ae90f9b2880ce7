#!lua
-- A GET of a download grant: reserves the grant for this attempt, or resumes
-- the same use, and enters it.
--
--     fresh ---redeem---> running ---close---> ended ---resume---> running
--       ^                    |                   ^                    |
--       +------- void -------+                   +------- void -------+
--                            |
--                    lease lapsed, worker killed, or nothing to resume
--                            |
--                            +--------------------------------> closed
--
-- KEYS[1]  the key of the grant
-- KEYS[2]  the audit stream of the tenant
-- ARGV[1]  attempt: 1 to 64 bytes that name this request; also the echo
-- ARGV[2]  epoch: the master_replid of the primary, 40 hex digits
-- ARGV[3]  "1": the grant is within its life; "0": it may be resumed at most
-- ARGV[4]  lease, ms: how long the edge may be silent
-- ARGV[5]  window, ms: how long after its redemption it may be resumed
-- ARGV[6]  N of "Range: bytes=N-", or empty
-- ARGV[7]  the entity tag of If-Range, at most 256 bytes, or empty
-- ARGV[8]  the first of the audit fields; "session" also names who resumes
--
-- Returns {code, echo, number, text}.  Code 0: there is no such download
-- grant, or it is past its life, or another primary recorded it; 1: redeemed
-- by this attempt; 2: used; 3: resumed by this attempt, text is the entity
-- tag and number the size of the object; 4: it would be resumed, but the
-- delivery before still runs.  An attempt that asks again after its answer
-- was lost gets the same answer, and nothing is done.

--@ include common.lua
--@ include audit.lua

local attempt = ARGV[1]
local AUDIT = 8
local RESUMES = 16
local VOIDS = 32                  -- deliveries that were given back
local OVERLAP = 4 * 1024 * 1024   -- bytes sent twice, and half the object
local MARGIN = 60000              -- ms a key outlives its use

local bad = #KEYS ~= 2 and refuse('bad arity') or misfit(AUDIT)
            or wrong_type(KEYS[2], 'stream') or stale()

if bad then
    return bad
end

local lease = whole(ARGV[4], 3600000)
local window = whole(ARGV[5], 31536000000)
local from = 0

if ARGV[6] ~= '' then
    from = whole(ARGV[6], 9007199254740991)
end

if (ARGV[3] ~= '0' and ARGV[3] ~= '1')
   or not lease or not window or not from or #ARGV[7] > 256
then
    return refuse('argument out of bounds')
end

if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then
    return { 0, attempt, 0, '' }
end

local held = redis.call('HMGET', KEYS[1], 'action', 'epoch', 'state',
                        'attempt', 'dead:' .. attempt)
local state = held[3]

if held[1] ~= 'download' or held[2] ~= ARGV[2] then
    return { 0, attempt, 0, '' }
end

-- the edge has given this attempt up before Redis heard of it

if held[5] then
    return { 2, attempt, 0, '' }
end

local use = redis.call('HMGET', KEYS[1], 'session', 'redeemed', 'etag', 'size',
                       'sent', 'overlap', 'resumes', 'lease', 'from', 'voids')
local session = ARGV[AUDIT + 10]
local etag = use[3] or ''
local size = tonumber(use[4] or '') or 0
local sent = tonumber(use[5] or '') or 0
local overlap = tonumber(use[6] or '') or 0
local resumes = tonumber(use[7] or '') or 0

-- the same attempt, whose answer was lost

if state == 'running' and held[4] == attempt then
    if use[9] then
        return { 3, attempt, size, etag }
    end

    return { 1, attempt, 0, '' }
end

-- each of them has left two entries, and there is no end to asking

if (state == 'fresh' or state == 'ended')
   and (tonumber(use[10] or '') or 0) >= VOIDS
then
    redis.call('HSET', KEYS[1], 'state', 'closed')
    return { 2, attempt, 0, '' }
end

if state == 'fresh' then
    if ARGV[3] ~= '1' then
        return { 0, attempt, 0, '' }
    end

    enter(KEYS[2], 'download.started', AUDIT, { 'attempt', attempt })
    redis.call('HDEL', KEYS[1], 'etag', 'size', 'sent', 'overlap', 'resumes',
               'from')
    redis.call('HSET', KEYS[1], 'state', 'running', 'attempt', attempt,
               'session', session, 'redeemed', text(now),
               'lease', text(now + lease))
    keep(KEYS[1], window + MARGIN)

    return { 1, attempt, 0, '' }
end

if state == 'running' and now > (tonumber(use[8] or '') or 0) then
    redis.call('HSET', KEYS[1], 'state', 'closed')
    return { 2, attempt, 0, '' }
end

-- is this the same use?  What a running delivery has sent is not known yet,
-- but it is no less than before

local most = math.min(OVERLAP, math.floor(size / 2))
local same = use[1] == session and etag ~= '' and ARGV[7] == etag
             and now - (tonumber(use[2] or '') or 0) <= window
             and from >= 1 and from <= size and resumes < RESUMES
             and overlap + sent - from <= most

if same and state == 'running' then
    return { 4, attempt, 0, '' }
end

if not same or state ~= 'ended' or from > sent then
    return { 2, attempt, 0, '' }
end

enter(KEYS[2], 'download.resumed', AUDIT, { 'attempt', attempt })
redis.call('HSET', KEYS[1], 'state', 'running', 'attempt', attempt,
           'from', text(from), 'lease', text(now + lease))
keep(KEYS[1], 2 * lease + MARGIN)

return { 3, attempt, size, etag }
