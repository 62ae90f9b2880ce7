# The nginx of the demo; util/demo.sh reads this file.

nginx=/usr/sbin/nginx


configure() {                           # NAME
    fill_in "conf-examples/demo-$1.conf" "$run/$1.conf"
}

# fills in the words between @ signs

fill_in() {                             # FROM TO
    local text user='#'

    # workers started by root would otherwise be a user who may not read here

    [ "$(id -u)" != 0 ] || user="user  $(id -un) $(id -gn);"

    text=$(<"$1")
    text=${text//@USER@/"$user"}
    text=${text//@MODULE@/"${module-}"}
    text=${text//@PORT@/"${port-}"}
    text=${text//@SITE@/"$root/conf-examples/demo-site"}
    text=$(sed -E "s|@RUN@(/[a-z]+\\.sock)|@SOCKETS@\\1|" <<<"$text")
    text=${text//@SOCKETS@/"$sockets"}
    printf '%s\n' "${text//@RUN@/"$run"}" >"$2"
}


start_nginx() {                         # NAME [SERVER]
    local server=${2-$1}

    $nginx -p "$run" -c "$run/$1.conf" -e "$run/$server.log" \
        -g "daemon off; pid \"$run/$server.pid\";" >"$run/$server.out" 2>&1 &
    pid[$server]=$!
}


find_port() {
    local first=${DEMO_PORT:-8088}

    for ((port = first; port < first + 100; port++)); do
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            [ "$port" = "$first" ] ||
                echo "Edge: port $first is taken, so the demo uses $port."
            return 0
        fi
    done

    die "No free port from $first to $((port - 1)): set DEMO_PORT."
}
