#!/usr/bin/env bash
# Software that we did not write, for the tests of connectors: installed by package name, started on the
# loopback interface, kept between runs.
#
#   deploy/systems.sh ensure [SYSTEM...]    install and start; prints `export NAME=VALUE` lines
#   deploy/systems.sh stop   [SYSTEM...]    end what this script started; its data begin anew next time
#
# SYSTEM: tryton (ERP and CRM, PyPI), redmine (OA, apt), sshd (dealers' files, apt), soap (a spyne
# server, PyPI), tools (validators of invoices, PyPI), odbc (unixODBC with drivers, apt; the databases
# are those of servers.sh). Without one: all.
# Needs python3 with venv; apt only as root. TENON_SYSTEMS_DIR is where they live (target/systems).
#
# stdout is data (`eval "$(deploy/systems.sh ensure tryton)"`), stderr is talk. Exit code 3: one of them
# cannot be had, and why.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
readonly here home=${TENON_SYSTEMS_DIR:-$here/../target/systems}
readonly every=(tryton redmine sshd soap tools odbc)
readonly password=tenon-Test1
readonly tryton_port=${TENON_TRYTON_PORT:-18171} redmine_port=${TENON_REDMINE_PORT:-18172}

talk() { printf 'systems: %s\n' "$*" >&2; }
give_up() { talk "$*"; exit 3; }
offer() { printf 'export %s=%q\n' "$1" "$2"; }
alive() { [[ -s $1 ]] && kill -0 "$(<"$1")" 2>/dev/null; }

# port NAME USUAL SET: where a server is to listen: what is set, else where ours does, else the usual port or the
# next at which nobody answers.
port() {
    local kept=$home/$1/port try=$2
    if [[ -n $3 ]]; then echo "$3"; return; fi
    if alive "$home/$1/pid" && [[ -s $kept ]]; then cat "$kept"; return; fi
    while (exec 3<>"/dev/tcp/127.0.0.1/$try") 2>/dev/null; do try=$((try + 10)); done
    mkdir -p "$home/$1"
    echo "$try" | tee "$kept"
}
sshd_port=$(port sshd 18173 "${TENON_SSHD_PORT:-}")
soap_port=$(port soap 18174 "${TENON_SOAP_PORT:-}")
readonly sshd_port soap_port

# end PIDFILE: ends the process, by its number, and waits for it.
end() {
    if alive "$1"; then
        kill "$(<"$1")"
        for _ in {1..100}; do
            alive "$1" || break
            sleep 0.1
        done
    fi
    rm -f "$1"
}

# begin PIDFILE LOG COMMAND...: starts a server that outlives this script.
begin() {
    local pid=$1 log=$2
    shift 2
    # A server must not keep a lock of whoever called.
    setsid nohup "$@" >>"$log" 2>&1 </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
    echo $! >"$pid"
}

# await PIDFILE LOG NAME COMMAND...: polls until the server answers.
await() {
    local pid=$1 log=$2 name=$3
    shift 3
    for _ in {1..480}; do
        "$@" && return
        alive "$pid" || { tail -n 20 "$log" >&2; give_up "$name did not start"; }
        sleep 0.25
    done
    give_up "$name does not answer; see $log"
}

# environment NAME: a virtual environment with the packages of systems/NAME.txt, pinned.
environment() {
    local place=$home/$1/venv list=$here/systems/$1.txt
    cmp -s "$list" "$place/installed" && return
    talk "installing $1 from PyPI"
    rm -rf "$place"
    python3 -m venv "$place" >&2 || give_up "python3 needs its module venv (package python3-venv)"
    "$place/bin/pip" install --quiet --disable-pip-version-check -r "$list" >&2 ||
        give_up "pip cannot install the packages of $list"
    cp "$list" "$place/installed"
}

# packages COMMAND PACKAGE...: installs with apt-get, unless the command is there.
packages() {
    command -v "$1" >/dev/null || install_packages "${@:2}"
}

install_packages() {
    [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null ||
        give_up "$* is missing; install it, or run this as root where apt-get works"
    talk "installing $*"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2 ||
        give_up "apt-get cannot install $*"
}

# ---------------------------------------------------------------- Tryton

readonly tryton=$home/tryton
readonly tryton_modules="party company currency country product account account_product account_invoice
    account_invoice_stock stock sale sale_opportunity purchase purchase_request purchase_requisition production"

answers_tryton() {
    curl -s -m 10 -H 'Content-Type: application/json' -H 'Accept-Encoding: gzip' --compressed \
        -d "{\"id\":1,\"method\":\"common.db.login\",\"params\":[\"admin\",{\"password\":\"$password\"},\"en\"]}" \
        "http://127.0.0.1:$tryton_port/hub/rpc/" | grep -q '"result"'
}

# Activating the modules takes a minute, so the database that this gives is kept and copied.
golden_tryton() {
    [[ -e $tryton/golden.sqlite && $here/systems/tryton_seed.py -ot $tryton/golden.sqlite ]] && return
    talk "making Tryton's database, once (a minute or two)"
    rm -rf "$tryton/new" && mkdir -p "$tryton/new"
    sed "s|^path = .*|path = $tryton/new|" "$tryton/trytond.conf" >"$tryton/new.conf"
    : >"$tryton/new/hub.sqlite"
    (umask 077 && printf %s "$password" >"$tryton/password")
    # shellcheck disable=SC2086 # a list of words
    TRYTONPASSFILE=$tryton/password "$tryton/venv/bin/trytond-admin" -c "$tryton/new.conf" -d hub \
        -u $tryton_modules --activate-dependencies --email admin@example.com >"$tryton/init.log" 2>&1 ||
        { tail -n 20 "$tryton/init.log" >&2; give_up "Tryton's modules cannot be activated"; }
    "$tryton/venv/bin/python" "$here/systems/tryton_seed.py" "$tryton/new.conf" hub >&2 ||
        give_up "Tryton's database cannot be filled"
    mv "$tryton/new/hub.sqlite" "$tryton/golden.sqlite"
}

ensure_tryton() {
    mkdir -p "$tryton/db"
    environment tryton
    cat >"$tryton/trytond.conf" <<CONF
[web]
listen = 127.0.0.1:$tryton_port
[database]
uri = sqlite://
path = $tryton/db
language = en
list = True
[session]
authentications = password
max_attempt = 1000
max_attempt_ip_network = 1000
[request]
timeout = 60
CONF
    golden_tryton
    if ! alive "$tryton/pid"; then
        rm -f "$tryton"/db/hub.sqlite*
        cp "$tryton/golden.sqlite" "$tryton/db/hub.sqlite"
        begin "$tryton/pid" "$tryton/server.log" \
            "$tryton/venv/bin/trytond" -c "$tryton/trytond.conf" -d hub
    fi
    await "$tryton/pid" "$tryton/server.log" Tryton answers_tryton
    offer TENON_TEST_TRYTON_URL "http://127.0.0.1:$tryton_port"
    offer TENON_TEST_TRYTON_PASSWORD "$password"
}

# ---------------------------------------------------------------- Redmine

readonly redmine=$home/redmine

answers_redmine() { curl -s -o /dev/null -m 10 "http://127.0.0.1:$redmine_port/users/current.json"; }

ensure_redmine() {
    mkdir -p "$redmine"
    if [[ ! -d /usr/share/redmine ]] && command -v debconf-set-selections >/dev/null; then
        debconf-set-selections <<ANSWERS
redmine redmine/instances/default/dbconfig-install boolean true
redmine redmine/instances/default/database-type select sqlite3
redmine redmine/default-language select en
ANSWERS
        rm -f "$redmine/keys"
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
            redmine redmine-sqlite puma >&2 || give_up "apt-get cannot install redmine"
    fi
    packages puma puma
    export X_DEBIAN_SITEID=default RAILS_ENV=production RACK_ENV=production REDMINE_LANG=en
    if [[ ! -s $redmine/keys || $redmine/keys -ot $here/systems/redmine_seed.rb ]]; then
        talk "filling Redmine, once"
        (cd /usr/share/redmine && bin/rake redmine:load_default_data &&
            bin/rails runner "$here/systems/redmine_seed.rb" "$(readlink -f "$redmine")/keys") \
            >"$redmine/init.log" 2>&1 ||
            { tail -n 20 "$redmine/init.log" >&2; give_up "Redmine cannot be filled"; }
    fi
    if ! alive "$redmine/pid"; then
        (cd /usr/share/redmine && begin "$(readlink -f "$redmine")/pid" "$(readlink -f "$redmine")/server.log" \
            puma -e production -t 1:4 -b "tcp://127.0.0.1:$redmine_port" config.ru)
    fi
    await "$redmine/pid" "$redmine/server.log" Redmine answers_redmine
    offer TENON_TEST_REDMINE_URL "http://127.0.0.1:$redmine_port"
    while read -r who key; do
        offer "TENON_TEST_REDMINE_${who^^}" "$key"
    done <"$redmine/keys"
}

# ---------------------------------------------------------------- OpenSSH, for files

ensure_sshd() {
    local place=$home/sshd daemon
    packages /usr/sbin/sshd openssh-server
    mkdir -p "$place/files" /run/sshd
    place=$(readlink -f "$place")
    [[ -e $place/host ]] || ssh-keygen -q -t ed25519 -N '' -f "$place/host"
    [[ -e $place/stranger ]] || ssh-keygen -q -t ed25519 -N '' -f "$place/stranger"
    [[ -e $place/client ]] || ssh-keygen -q -t ed25519 -N '' -f "$place/client"
    cp "$place/client.pub" "$place/authorized_keys"
    chmod go-w "$place" "$place/authorized_keys"
    cat >"$place/sshd.conf" <<CONF
ListenAddress 127.0.0.1
Port $sshd_port
HostKey $place/host
PidFile none
Subsystem sftp internal-sftp
ForceCommand internal-sftp
AuthorizedKeysFile $place/authorized_keys
PasswordAuthentication no
StrictModes no
UsePAM no
PermitRootLogin yes
CONF
    daemon=$(command -v sshd || echo /usr/sbin/sshd)
    if ! alive "$place/pid"; then begin "$place/pid" "$place/server.log" "$daemon" -D -e -f "$place/sshd.conf"; fi
    await "$place/pid" "$place/server.log" sshd \
        timeout 2 bash -c "exec 3<>/dev/tcp/127.0.0.1/$sshd_port" 2>/dev/null
    offer TENON_TEST_SFTP_URL "sftp://$(id -un)@127.0.0.1:$sshd_port"
    offer TENON_TEST_SFTP_DIR "$place"
}

# ---------------------------------------------------------------- tools, and a SOAP server of spyne

ensure_tools() {
    environment tools
    offer TENON_TEST_PYTHON "$(readlink -f "$home/tools/venv/bin")/python"
}

ensure_soap() {
    environment tools
    mkdir -p "$home/soap"
    if ! alive "$home/soap/pid"; then
        begin "$home/soap/pid" "$home/soap/server.log" \
            "$home/tools/venv/bin/python" "$here/systems/soap_server.py" "$soap_port"
    fi
    await "$home/soap/pid" "$home/soap/server.log" 'the SOAP server' \
        curl -s -o /dev/null -m 5 "http://127.0.0.1:$soap_port/?wsdl"
    offer TENON_TEST_SOAP_URL "http://127.0.0.1:$soap_port"
}

# ---------------------------------------------------------------- ODBC

has_odbc() {
    local driver
    [[ -e /usr/include/sql.h ]] || return 1
    for driver in 'PostgreSQL Unicode' 'MariaDB Unicode' SQLite3 FreeTDS; do
        odbcinst -q -d -n "$driver" >/dev/null 2>&1 || return 1
    done
}

ensure_odbc() {
    has_odbc || install_packages unixodbc unixodbc-dev odbc-postgresql odbc-mariadb libsqliteodbc tdsodbc
    "$here/servers.sh" ensure
}

# ---------------------------------------------------------------- commands

command=${1:-}
shift || true
chosen=("${@:-${every[@]}}")
for system in "${chosen[@]}"; do
    [[ " ${every[*]} " == *" $system "* ]] || { talk "unknown system $system; known: ${every[*]}"; exit 2; }
done
mkdir -p "$home"
case $command in
ensure)
    # Two runs at once would install and start everything twice.
    exec 9>>"$home/lock"
    if command -v flock >/dev/null; then flock 9; fi
    for system in "${chosen[@]}"; do "ensure_$system"; done
    ;;
stop)
    for system in "${chosen[@]}"; do end "$home/$system/pid"; done
    ;;
*)
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2
    exit 2
    ;;
esac
