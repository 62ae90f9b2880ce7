-- The media location: token, session, call, tenant, revocation and grant, in
-- one round trip; then the object's path is left in $object.

local guard = require "guard"

local M = {}


function M.check()
    local sid = guard.sid()
    local field = guard.verify(ngx.var.uri:sub(#"/recordings/" + 1))

    if not field then
        return ngx.exit(404)
    end

    local action, expires, grant = field[1], field[2], field[3]
    local tenant, client, project = field[4], field[5], field[6]
    local user, call_id = field[7], field[8]
    local grant_key = "aidial:{" .. tenant .. "}:grant:" .. grant

    local replies = guard.ask(function (red)
        red:get("aidial:session:" .. sid)
        red:get("aidial:call:" .. call_id)
        red:get("aidial:tenant:" .. tenant)
        red:get("aidial:revoked-before:" .. tenant .. ":" .. user)
        red:hmget(grant_key, "state", "action", "epoch")
    end)

    local session = guard.session(replies[1])
    guard.not_revoked(session, replies[4])

    local call = guard.call(replies[2], session)

    if session.tenant_id ~= tenant or session.user_id ~= user
       or call.client_id ~= client or call.project_id ~= project
    then
        return ngx.exit(404)
    end

    local state = replies[5]

    if tonumber(expires) <= ngx.time() or state[2] ~= action
       or state[3] ~= guard.conf.epoch
    then
        return ngx.exit(410)
    end

    local reasons = guard.policy(action, session, replies[3], call)

    if #reasons > 0 then
        return ngx.exit(403)
    end

    if state[1] == "fresh" then
        M.begin(session, sid, grant_key, field)
    end

    ngx.var.object = call.media.object
end


function M.begin(session, sid, grant_key, field)
    local id = guard.id()

    local replies = guard.ask(function (red)
        red:evalsha(guard.conf.begin, 2, grant_key,
                    "aidial:{" .. session.tenant_id .. "}:audit",
                    id, guard.conf.epoch,
                    guard.facts(session, field[8], field[6], field[1],
                                "allowed", "", field[3], sid))
    end)

    if replies[1][1] ~= 1 then
        ngx.exit(410)
    end
end


return M
