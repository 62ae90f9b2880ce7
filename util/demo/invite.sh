# What a person reads when the demo stays up; util/demo.sh reads this file.


invite() {
    cat <<END

${bold}The demo stays up: http://127.0.0.1:$port/${plain}

  Open it in a browser, choose a person, and listen to a call:

$(people)

  Logs:   $run
  Redis:  redis-cli -s $sockets/redis.sock
  Audit:  the same, with XREVRANGE 'aidial:{t_harbor}:audit' + - COUNT 3

Ctrl-C stops everything.
END
}


people() {
    local kind id name role rest

    while IFS='|' read -r kind id name role rest; do
        [ "$kind" = person ] || continue
        printf '    %-18s %-16s http://127.0.0.1:%s/sign-in/%s\n' \
            "$name" "$role" "$port" "$id"
    done <util/demo/world.txt
}
