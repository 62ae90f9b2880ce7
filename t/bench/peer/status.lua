-- The status location: what this user may do with the call's recording.

local guard = require "guard"
local cjson = require "cjson.safe"

local M = {}


local function may(action, session, tenant, call)
    local reasons = guard.policy(action, session, tenant, call)

    return { allowed = #reasons == 0, reasons = reasons }
end


function M.answer()
    local sid = guard.sid()
    local call_id = ngx.var.call

    local first = guard.ask(function (red)
        red:get("aidial:session:" .. sid)
        red:get("aidial:call:" .. call_id)
    end)

    local session = guard.session(first[1])

    local second = guard.ask(function (red)
        red:get("aidial:revoked-before:" .. session.tenant_id .. ":"
                .. session.user_id)
        red:get("aidial:tenant:" .. session.tenant_id)
    end)

    guard.not_revoked(session, second[1])

    local call = guard.call(first[2], session)
    local media = call.media or {}

    ngx.header["Content-Type"] = "application/json"
    ngx.header["Cache-Control"] = "no-store"
    local text = cjson.encode {
        call_id = call_id, consent = call.consent,
        playback_compliance = call.playback_compliance,
        media = { status = media.status, content_type = media.content_type,
                  size_bytes = media.size_bytes,
                  duration_seconds = media.duration_seconds },
        playback = may("playback", session, second[2], call),
        download = may("download", session, second[2], call),
    }

    -- an empty table is an object to cjson

    text = text:gsub('"reasons":{}', '"reasons":[]')

    ngx.header["Content-Length"] = #text
    ngx.print(text)
end


return M
