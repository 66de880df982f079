#!/usr/bin/env bash
# The three servers that the integration tests talk to: RabbitMQ, PostgreSQL and MariaDB.
#
#   deploy/servers.sh ensure    find them, or install and start them; prints `export NAME=URL` lines
#   deploy/servers.sh status    say where each one is; changes nothing
#
# stdout is data (`eval "$(deploy/servers.sh ensure)"`), stderr is talk.
#
# Each server is looked for in this order, and the first that answers is taken:
#   1. the URL in TENON_TEST_AMQP_URL, TENON_TEST_PG_URL, TENON_TEST_MYSQL_URL: if it is set, it must answer;
#   2. the server on its local port, with the accounts that a fresh installation or this script makes
#      (ports: TENON_AMQP_PORT, TENON_PG_PORT, TENON_MYSQL_PORT; 5672, 5432 and 3306 unless set);
#   3. as root with apt-get: installed from the distribution's packages, started, with or without systemd;
#   4. with a Docker daemon: deploy/compose.yaml.
# What is started here listens on the loopback interface alone, and its accounts
# (user and password `tenon`) are for tests alone.
#
# Exit codes: 0 all three answer, 2 wrong usage, 3 a server is missing (each one is named).
set -euo pipefail

readonly servers=(rabbitmq postgresql mariadb)
readonly amqp_port=${TENON_AMQP_PORT:-5672}
readonly pg_port=${TENON_PG_PORT:-5432}
readonly mysql_port=${TENON_MYSQL_PORT:-3306}
readonly patience_s=${TENON_SERVERS_WAIT_S:-90}
readonly loopback=127.0.0.1
here=$(dirname "$(readlink -f "$0")")
readonly here compose_file=$here/compose.yaml

declare -A title=([rabbitmq]=RabbitMQ [postgresql]=PostgreSQL [mariadb]=MariaDB)
declare -A variable=([rabbitmq]=TENON_TEST_AMQP_URL [postgresql]=TENON_TEST_PG_URL [mariadb]=TENON_TEST_MYSQL_URL)
declare -A port=([rabbitmq]=$amqp_port [postgresql]=$pg_port [mariadb]=$mysql_port)
declare -A service=([rabbitmq]=rabbitmq [postgresql]=postgres [mariadb]=mariadb)      # in compose.yaml
declare -A package=([rabbitmq]=rabbitmq-server [postgresql]=postgresql [mariadb]=mariadb-server)
declare -A found=()

# The places where a local server may be found, in the order in which they are tried.
declare -A usual=(
    [rabbitmq]="amqp://guest:guest@$loopback:$amqp_port/%2f amqp://tenon:tenon@$loopback:$amqp_port/%2f"
    [postgresql]="postgres://postgres@$loopback:$pg_port/test postgres://tenon:tenon@$loopback:$pg_port/test"
    [mariadb]="mysql://root@$loopback:$mysql_port/test mysql://tenon:tenon@$loopback:$mysql_port/test mysql://root:tenon@$loopback:$mysql_port/test"
)

talk() { printf 'servers: %s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }
is_root() { [[ $(id -u) == 0 ]]; }
has_systemd() { [[ -d /run/systemd/system ]]; }

# wait_until SECONDS COMMAND...: polls the command until it succeeds; fails when the time is over.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.3
    done
}

# ---------------------------------------------------------------- URLs

unescape() { printf '%b' "${1//%/\\x}"; }
without_password() { sed -E 's|(://[^:/@]*):[^@/]*@|\1:***@|' <<<"$1"; }

# split_url URL DEFAULT_PORT: sets scheme, user, password, host, portal (its port) and path.
split_url() {
    local rest=$1 account=""
    scheme=${rest%%://*}
    rest=${rest#*://}
    rest=${rest%%\?*}
    path=""
    if [[ $rest == */* ]]; then path=$(unescape "${rest#*/}"); fi
    rest=${rest%%/*}
    if [[ $rest == *@* ]]; then account=${rest%@*}; fi
    user=$(unescape "${account%%:*}")
    password=""
    if [[ $account == *:* ]]; then password=$(unescape "${account#*:}"); fi
    rest=${rest##*@}
    portal=$2
    if [[ $rest =~ :[0-9]+$ ]]; then portal=${rest##*:}; fi
    host=${rest%:"$portal"}
    host=${host#[}
    host=${host%]}
}

# port_open HOST PORT
port_open() { timeout 3 bash -c 'exec 3<>"/dev/tcp/$1/$2"' probe "$1" "$2" 2>/dev/null; }

# ---------------------------------------------------------------- RabbitMQ

hex_of() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'; }
short_string() { printf '%02x%s' "${#1}" "$(hex_of "$1")"; }

# amqp_send HEX: one method frame on channel 0.
amqp_send() {
    local frame
    frame=$(printf '010000%08x%sce' $((${#1} / 2)) "$1")
    # shellcheck disable=SC2059 # the frame is hexadecimal digits alone
    printf "$(sed 's/../\\x&/g' <<<"$frame")" >&3
}

# amqp_receive: reads one frame and prints its method as CLASS.METHOD.
amqp_receive() {
    local header body size
    read -r -a header < <(timeout 5 head -c 7 <&3 | od -An -v -tu1)
    ((${#header[@]} == 7)) || return 1
    size=$(((header[3] << 24) + (header[4] << 16) + (header[5] << 8) + header[6]))
    read -r -a body < <(timeout 5 head -c $((size + 1)) <&3 | od -An -v -tu1 -w$((size + 1)))
    ((${#body[@]} >= 4)) || return 1
    echo "$((body[0] * 256 + body[1])).$((body[2] * 256 + body[3]))"
}

# A client of RabbitMQ is seldom at hand, so this logs in by itself: AMQP 0-9-1 up to the open
# virtual host, then a polite goodbye. Of amqps only the port is tried.
answers_rabbitmq() (
    split_url "$1" 5672
    [[ $1 == *://*/* ]] || path=/
    port_open "$host" "$portal" || exit 1
    [[ $scheme == amqp ]] || exit 0
    exec 3<>"/dev/tcp/$host/$portal"
    printf 'AMQP\0\0\11\1' >&3
    [[ $(amqp_receive) == 10.10 ]] || exit 1
    secret="00$(hex_of "$user")00$(hex_of "$password")"
    amqp_send "000a000b00000000$(short_string PLAIN)$(printf '%08x' $((${#secret} / 2)))$secret$(short_string en_US)"
    [[ $(amqp_receive) == 10.30 ]] || exit 1
    amqp_send 000a001f0001000200000000
    amqp_send "000a0028$(short_string "$path")0000"
    [[ $(amqp_receive) == 10.41 ]] || exit 1
    amqp_send 000a003200c80000000000
    [[ $(amqp_receive) == 10.51 ]]
) 2>/dev/null

installed_rabbitmq() { has rabbitmq-server; }

# The node keeps its name once it has run, because its data lie under that name.
configure_rabbitmq() {
    local environment=/etc/rabbitmq/rabbitmq-env.conf listener=/etc/rabbitmq/conf.d/90-loopback.conf
    local node=rabbit
    if ((amqp_port != 5672)); then node=rabbit-$amqp_port; fi
    mkdir -p /etc/rabbitmq/conf.d
    if ! compgen -G '/var/lib/rabbitmq/mnesia/*@*' >/dev/null && ! grep -Eqs '^ *NODENAME=' "$environment"; then
        talk "writing $environment: node $node@localhost"
        {
            printf '\n# A node for tests: it and its clustering ports are on the loopback interface.\n'
            printf 'NODENAME=%s@localhost\nexport RABBITMQ_DIST_PORT=%s\n' "$node" $((amqp_port + 20000))
            printf 'export ERL_EPMD_ADDRESS=%s\n' "$loopback"
            printf 'export ERL_FLAGS="-kernel inet_dist_use_interface {127,0,0,1}"\n'
        } >>"$environment"
    fi
    if ! grep -Eqs '^ *listeners\.' /etc/rabbitmq/rabbitmq.conf /etc/rabbitmq/conf.d/*.conf; then
        talk "writing $listener: listening on $loopback:$amqp_port"
        printf 'listeners.tcp.tests = %s:%s\n' "$loopback" "$amqp_port" >"$listener"
    fi
    chmod -R a+rX /etc/rabbitmq
}

start_rabbitmq() {
    # A node may run with its application stopped, as after an interrupted test of a restart.
    if rabbitmqctl_works; then
        rabbitmqctl -q start_app >/dev/null 9>&-
        return
    fi
    configure_rabbitmq
    if has_systemd; then
        systemctl restart rabbitmq-server
        return
    fi
    # Erlang sizes its port table by the limit of open files, which containers set to a thousand million.
    (
        limit=$(ulimit -n)
        if [[ $limit == unlimited ]] || ((limit > 65536)); then ulimit -n 65536; fi
        rabbitmq-server -detached </dev/null >/dev/null 2>&1 9>&-
    )
}

# Debian's rabbitmqctl turns from root into the node's own user, who has the node's cookie.
rabbitmqctl_works() { is_root && has rabbitmqctl && timeout 20 rabbitmqctl -q ping >/dev/null 2>&1 9>&-; }

admit_rabbitmq() {
    rabbitmqctl_works || return 1
    talk "making the account tenon in RabbitMQ"
    { rabbitmqctl -q add_user tenon tenon || rabbitmqctl -q change_password tenon tenon; } >/dev/null 2>&1 9>&- &&
        rabbitmqctl -q set_user_tags tenon administrator >/dev/null 9>&- &&
        rabbitmqctl -q set_permissions -p / tenon '.*' '.*' '.*' >/dev/null 9>&-
}

# offer_rabbitmqctl: prints where the tests find rabbitmqctl, if it is not the machine's own.
offer_rabbitmqctl() {
    if [[ -n ${TENON_TEST_RABBITMQCTL:-} ]] || rabbitmqctl_works; then return; fi
    if docker_works && timeout 20 "$here/rabbitmqctl" -q ping >/dev/null 2>&1 9>&-; then
        printf 'export TENON_TEST_RABBITMQCTL=%q\n' "$here/rabbitmqctl"
    else
        talk "rabbitmqctl cannot be used here (it takes root, or RabbitMQ from deploy/compose.yaml);"
        talk "tests that restart RabbitMQ will fail; TENON_TEST_RABBITMQCTL may name a program that can"
    fi
}

log_rabbitmq() { tail -n 5 /var/log/rabbitmq/*.log /var/log/rabbitmq/startup_err 2>/dev/null; }

# ---------------------------------------------------------------- PostgreSQL

# With psql a query is asked; without it, the server's answer to a start-up packet decides.
answers_postgresql() (
    split_url "$1" 5432
    port_open "$host" "$portal" || exit 1
    if has psql; then
        [[ $(PGCONNECT_TIMEOUT=5 timeout 10 psql -X -w -A -t -d "$1" -c 'select 7' </dev/null) == 7 ]]
        exit
    fi
    user=${user:-postgres}
    exec 3<>"/dev/tcp/$host/$portal"
    packet="00030000$(hex_of user)00$(hex_of "$user")00$(hex_of database)00$(hex_of "${path:-$user}")0000"
    # shellcheck disable=SC2059 # hexadecimal digits alone
    printf "$(printf '%08x%s' $((${#packet} / 2 + 4)) "$packet" | sed 's/../\\x&/g')" >&3
    [[ $(timeout 5 head -c 1 <&3) == R ]]
) 2>/dev/null

installed_postgresql() { compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null && has pg_ctlcluster; }

# cluster_on_port: prints "VERSION NAME" of the Debian cluster that is set to our port.
cluster_on_port() { pg_lsclusters -h | awk -v port="$pg_port" '$3 == port { print $1, $2; exit }'; }

start_postgresql() {
    local version name
    read -r version name < <(cluster_on_port) || true
    if [[ -z ${version:-} ]]; then
        version=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -V | tail -n 1)
        name=tenon-$pg_port
        talk "making the PostgreSQL cluster $version $name"
        pg_createcluster "$version" "$name" --port "$pg_port" --locale C.UTF-8 >/dev/null 9>&-
    fi
    install -d -o postgres -g postgres -m 2775 /run/postgresql
    pg_ctlcluster "$version" "$name" start >&2 9>&-
}

as_postgres() { (cd / && runuser -u postgres -- psql -X -w -q -A -t -v ON_ERROR_STOP=1 -p "$pg_port" -d postgres "$@") 9>&-; }

# First as the superuser over TCP, where the server trusts it; then through the socket, as its own user.
admit_postgresql() {
    has psql || return 1
    local trusted="postgres://postgres@$loopback:$pg_port/postgres"
    local make_database="CREATE DATABASE test TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
    if answers_postgresql "$trusted"; then
        talk "making the database test in PostgreSQL"
        psql -X -w -q -d "$trusted" -c "$make_database" >/dev/null 2>&1
        return
    fi
    is_root && [[ $(as_postgres -c 'select 7' 2>/dev/null) == 7 ]] || return 1
    talk "making the role tenon and the database test in PostgreSQL"
    as_postgres >/dev/null <<SQL
SELECT 'CREATE ROLE tenon' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tenon') \gexec
ALTER ROLE tenon LOGIN SUPERUSER PASSWORD 'tenon';
SELECT \$\$$make_database OWNER tenon\$\$ WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'test') \gexec
SQL
}

log_postgresql() { tail -n 5 /var/log/postgresql/*.log 2>/dev/null; }

# ---------------------------------------------------------------- MariaDB

mysql_client() { if has mariadb; then echo mariadb; elif has mysql; then echo mysql; else return 1; fi; }

# With a client a query is asked; without it, the server's greeting (protocol 10) decides.
answers_mariadb() (
    split_url "$1" 3306
    port_open "$host" "$portal" || exit 1
    if client=$(mysql_client); then
        [[ $(MYSQL_PWD=$password timeout 10 "$client" --no-defaults --protocol=tcp --connect-timeout=5 -N -B \
            -h "$host" -P "$portal" -u "${user:-root}" -e 'select 7' ${path:+"$path"} </dev/null) == 7 ]]
        exit
    fi
    exec 3<>"/dev/tcp/$host/$portal"
    read -r -a greeting < <(timeout 5 head -c 5 <&3 | od -An -v -tu1)
    ((${greeting[4]:-0} == 10))
) 2>/dev/null

mariadb_daemon() { command -v mariadbd || command -v mysqld; }
installed_mariadb() { mariadb_daemon >/dev/null; }

start_mariadb() {
    if has_systemd && ((mysql_port == 3306)); then
        systemctl start mariadb
        return
    fi
    if [[ ! -d /var/lib/mysql/mysql ]]; then mariadb-install-db --user=mysql --skip-test-db >/dev/null 9>&-; fi
    install -d -o mysql -g mysql -m 755 /run/mysqld
    install -d -o mysql -g adm -m 750 /var/log/mysql
    setsid "$(mariadb_daemon)" --user=mysql --bind-address="$loopback" --port="$mysql_port" \
        --log-error=/var/log/mysql/tests.err </dev/null >/dev/null 2>&1 9>&- &
}

# Through the socket root needs no password; the server behind it must be the one on our port.
admit_mariadb() {
    local client trusted="mysql://root@$loopback:$mysql_port"
    client=$(mysql_client) || return 1
    if answers_mariadb "$trusted"; then
        talk "making the database test in MariaDB"
        "$client" --no-defaults --protocol=tcp -h "$loopback" -P "$mysql_port" -u root \
            -e 'CREATE DATABASE IF NOT EXISTS test CHARACTER SET utf8mb4' </dev/null
        return
    fi
    is_root && [[ $("$client" --protocol=socket -N -B -e 'select @@port' </dev/null 2>/dev/null) == "$mysql_port" ]] || return 1
    talk "making the account tenon and the database test in MariaDB"
    "$client" --protocol=socket <<SQL
CREATE DATABASE IF NOT EXISTS test CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS 'tenon'@'127.0.0.1' IDENTIFIED BY 'tenon';
CREATE USER IF NOT EXISTS 'tenon'@'localhost' IDENTIFIED BY 'tenon';
GRANT ALL PRIVILEGES ON *.* TO 'tenon'@'127.0.0.1';
GRANT ALL PRIVILEGES ON *.* TO 'tenon'@'localhost';
SQL
}

log_mariadb() { tail -n 5 /var/log/mysql/tests.err 2>/dev/null; }

# ---------------------------------------------------------------- finding, installing, starting

# find_local SERVER: sets found[SERVER] to the first of the usual places that answers.
find_local() {
    local url
    for url in ${usual[$1]}; do
        if "answers_$1" "$url"; then
            found[$1]=$url
            return 0
        fi
    done
    return 1
}

# take_running SERVER: the server that runs on its port, with an account made in it if none is known.
take_running() { find_local "$1" || { listening "$1" && "admit_$1" && find_local "$1"; }; }

listening() { port_open "$loopback" "${port[$1]}"; }

# While packages are installed nothing may start by itself: it would listen on every interface.
install_packages() {
    local policy=/usr/sbin/policy-rc.d ours="" outcome=0 log
    log=$(mktemp)
    talk "installing $* (a minute or two)"
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        ours=yes
    fi
    export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
    # A failing update is not yet an error: the lists that are there may do.
    apt-get -q -o Acquire::Retries=3 update >"$log" 2>&1 9>&- || talk "apt-get update failed; going on with the lists at hand"
    apt-get -q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold \
        install --no-install-recommends "$@" >>"$log" 2>&1 9>&- || outcome=$?
    unset LC_ALL
    if [[ -n $ours ]]; then rm -f "$policy"; fi
    if ((outcome != 0)); then
        talk "apt-get install failed:"
        tail -n 15 "$log" >&2
    fi
    rm -f "$log"
    return "$outcome"
}

# bring_up SERVER...: installs what is missing, starts all, and takes those that come up.
bring_up() {
    local server wanted=() started=()
    for server in "$@"; do
        "installed_$server" || wanted+=("${package[$server]}")
    done
    if ((${#wanted[@]} > 0)); then
        if ! has apt-get; then
            talk "no apt-get here to install ${wanted[*]}"
        else
            install_packages "${wanted[@]}" || true
        fi
    fi
    for server in "$@"; do
        if "installed_$server"; then
            talk "starting ${title[$server]}"
            if "start_$server"; then started+=("$server"); else talk "${title[$server]} did not start"; fi
        fi
    done
    for server in ${started[@]+"${started[@]}"}; do
        if ! wait_until "$patience_s" take_running "$server"; then
            talk "${title[$server]} was started but does not answer on $loopback:${port[$server]} after $patience_s s"
            "log_$server" >&2 || true
        fi
    done
}

docker_works() { has docker && timeout 20 docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; }

bring_up_in_docker() {
    local server names=()
    for server in "$@"; do names+=("${service[$server]}"); done
    talk "starting ${names[*]} with docker compose"
    TENON_AMQP_PORT=$amqp_port TENON_PG_PORT=$pg_port TENON_MYSQL_PORT=$mysql_port \
        docker compose -f "$compose_file" up -d --wait "${names[@]}" >&2 9>&- || talk "docker compose failed"
    for server in "$@"; do
        wait_until 10 find_local "$server" || true
    done
}

# missing_among SERVER...: sets missing to those not found yet.
missing_among() {
    local server
    missing=()
    for server in "$@"; do
        if [[ -z ${found[$server]:-} ]]; then missing+=("$server"); fi
    done
}

explain_missing() {
    local server
    for server in "$@"; do
        talk "no ${title[$server]}: nothing usable on $loopback:${port[$server]}. Either"
        talk "  start one and set ${variable[$server]} to its URL, or"
        talk "  run this once as root where apt-get can install ${package[$server]}, or"
        talk "  start a Docker daemon, for deploy/compose.yaml"
    done
}

# ---------------------------------------------------------------- commands

# look: fills found from the environment and the local ports; sets missing and refused.
look() {
    local server given
    missing=() refused=()
    for server in "${servers[@]}"; do
        given=${!variable[$server]:-}
        if [[ -n $given ]]; then
            if "answers_$server" "$given"; then
                found[$server]=$given
            else
                refused+=("${variable[$server]} is set, but no ${title[$server]} answers at $(without_password "$given")")
            fi
        elif ! "$1" "$server"; then
            if listening "$server"; then
                refused+=("something listens on $loopback:${port[$server]} but takes none of ${title[$server]}'s usual accounts; set ${variable[$server]}")
            else
                missing+=("$server")
            fi
        fi
    done
}

ensure() {
    # Two runs at once would install and start everything twice.
    if has flock; then
        exec 9>>"${TMPDIR:-/tmp}/tenon-servers.$(id -u).lock"
        flock 9
    fi
    look take_running
    if ((${#refused[@]} > 0)); then
        for reason in "${refused[@]}"; do talk "$reason"; done
        exit 3
    fi
    if ((${#missing[@]} > 0)) && is_root; then
        bring_up "${missing[@]}"
        missing_among "${servers[@]}"
    fi
    if ((${#missing[@]} > 0)) && docker_works; then
        bring_up_in_docker "${missing[@]}"
        missing_among "${servers[@]}"
    fi
    if ((${#missing[@]} > 0)); then
        explain_missing "${missing[@]}"
        exit 3
    fi
    for server in "${servers[@]}"; do
        talk "${title[$server]} at $(without_password "${found[$server]}")"
        printf 'export %s=%q\n' "${variable[$server]}" "${found[$server]}"
    done
    offer_rabbitmqctl
}

status() {
    look find_local
    for server in "${servers[@]}"; do
        printf '%-11s %s\n' "${title[$server]}" "$(without_password "${found[$server]:-does not answer}")"
    done
    if ((${#refused[@]} > 0)); then
        for reason in "${refused[@]}"; do talk "$reason"; done
    fi
    ((${#missing[@]} + ${#refused[@]} == 0)) || exit 3
}

case ${1:-} in
ensure) ensure ;;
status) status ;;
*)
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2
    exit 2
    ;;
esac
