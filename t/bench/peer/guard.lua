-- What the Lua peer's three locations share: Redis, sessions, tokens, policy.
-- Written as a careful user of lua-nginx-module would: connections from a
-- pool, commands pipelined, libcrypto by FFI, everything looked up once.

local redis = require "nginx.redis"
local cjson = require "cjson.safe"
local base64 = require "ngx.base64"
local ffi = require "ffi"

ffi.cdef [[
const void *EVP_sha256(void);
unsigned char *HMAC(const void *md, const void *key, int key_len,
    const unsigned char *d, size_t n, unsigned char *out, unsigned int *len);
int CRYPTO_memcmp(const void *a, const void *b, size_t len);
int RAND_bytes(unsigned char *buf, int num);
]]

local C = ffi.C
local sha256 = C.EVP_sha256()
local digest = ffi.new("unsigned char[32]")
local random = ffi.new("unsigned char[16]")
local null = ngx.null
local concat = table.concat

local M = {}
local conf


function M.setup(words)
    conf = words
    M.conf = words
end


-- one round trip: fill() adds the commands; the replies, or 503

function M.ask(fill)
    local red = redis:new()

    red:set_timeout(500)

    if not red:connect("127.0.0.1", conf.port) then
        ngx.exit(503)
    end

    red:init_pipeline(5)
    fill(red)

    local replies = red:commit_pipeline()

    if not replies then
        ngx.exit(503)
    end

    red:set_keepalive(60000, 64)

    for i = 1, #replies do
        if type(replies[i]) == "table" and replies[i][1] == false then
            ngx.exit(503)
        end
    end

    return replies
end


local function record(text)
    return text ~= null and cjson.decode(text) or nil
end


function M.sid()
    local sid = ngx.var.cookie_aidial_session

    if not sid or #sid > 128 then
        ngx.exit(401)
    end

    return sid
end


-- the session, or 401

function M.session(text)
    local session = record(text)

    if type(session) ~= "table" or not session.user_id or not session.role
       or not session.tenant_id or not session.client_id
       or (session.expires_at and session.expires_at <= ngx.time())
    then
        ngx.exit(401)
    end

    return session
end


function M.not_revoked(session, before)
    if before ~= null
       and (not session.created_at
            or session.created_at <= (tonumber(before) or math.huge))
    then
        ngx.exit(401)
    end
end


-- the call, if it is the session's, or 404

function M.call(text, session)
    local call = record(text)

    if type(call) ~= "table" or call.tenant_id ~= session.tenant_id
       or call.client_id ~= session.client_id
    then
        ngx.exit(404)
    end

    for _, project in ipairs(session.project_ids or {}) do
        if project == call.project_id or project == "*" then
            return call
        end
    end

    ngx.exit(404)
end


-- the reasons why not

function M.policy(action, session, tenant_text, call)
    local tenant = record(tenant_text) or {}
    local reasons = {}

    local function no(reason) reasons[#reasons + 1] = reason end

    local staff = session.role == "client_staff"

    if not staff and session.role ~= "client_admin"
       and session.role ~= "client_manager" or staff and action == "download"
    then
        no "role_restriction"
    elseif staff and tenant.staff_playback ~= true then
        no "staff_playback_disabled"
    elseif action == "download" and tenant.recording_download ~= true then
        no "missing_entitlement"
    end

    if call.consent ~= "granted" then
        no("consent_" .. (call.consent or "missing"))
    end

    if call.playback_compliance ~= "permitted" then
        no("compliance_" .. (call.playback_compliance or "missing_evidence"))
    end

    if not call.media or call.media.status ~= "available" then
        no("media_" .. (call.media and call.media.status or "not_generated"))
    end

    return reasons
end


local function mac(text)
    C.HMAC(sha256, conf.key, #conf.key, text, #text, digest, nil)
    return digest
end


-- the fields are identifiers, which have no "|"

function M.sign(...)
    local payload = concat({ ... }, "|")

    return base64.encode_base64url(payload) .. "."
           .. base64.encode_base64url(ffi.string(mac(payload), 32))
end


-- the fields of a token that we signed, or nil

function M.verify(token)
    local dot = token:find(".", 1, true)
    local payload = dot and base64.decode_base64url(token:sub(1, dot - 1))
    local sum = dot and base64.decode_base64url(token:sub(dot + 1))

    if not payload or not sum or #sum ~= 32
       or C.CRYPTO_memcmp(mac(payload), sum, 32) ~= 0
    then
        return nil
    end

    local field, n = {}, 0

    for word in payload:gmatch("[^|]+") do
        n = n + 1
        field[n] = word
    end

    return n == 8 and field or nil
end


-- 32 hex digits

function M.id()
    C.RAND_bytes(random, 16)
    return (ffi.string(random, 16):gsub(".", function (c)
        return string.format("%02x", c:byte())
    end))
end


-- the audit fields, as the scripts of the module take them

function M.facts(session, call_id, project, action, decision, reasons, grant,
                 sid)
    return session.user_id, session.role, session.tenant_id,
           session.client_id, project, call_id, action, decision, reasons,
           grant, ngx.md5(sid), ngx.var.remote_addr, ngx.var.request_id,
           ngx.var.http_user_agent or "", ngx.var.hostname
end


return M
