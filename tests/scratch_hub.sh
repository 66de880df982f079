# Sourced: starts a hub on an empty embedded engine, with one system that is given files. Sets `folder`, which
# goes away with the script, `address`, and exports TENON_TOKEN, an administrator's. start_hub TENON
start_hub() {
    folder=$(mktemp -d)
    hub=
    trap 'stop_hub' EXIT
    mkdir -p "$folder/config/connectors"
    cat > "$folder/config/tenon.toml" <<'SETTINGS'
[http]
listen = "127.0.0.1:0"
token = "${env:TENON_TOKEN}"
SETTINGS
    cat > "$folder/config/connectors/erp.toml" <<'ERP'
name = "erp"
kind = "erp"
preset = "files"
directory = "../.."
receive = []

[[deliver]]
entity = "customer"
ERP
    export TENON_TOKEN=only-for-this-run
    "$1" run --config "$folder/config" 2> "$folder/log" &
    hub=$!
    address=
    for _ in $(seq 300); do
        address=$(sed -n 's/.*tenon is running; http:\/\/\([0-9.:]*\).*/\1/p' "$folder/log")
        [ -z "$address" ] || return 0
        sleep 0.1
    done
    cat "$folder/log" >&2
    return 1
}

stop_hub() {
    [ -z "$hub" ] || kill "$hub" 2>/dev/null || true
    rm -rf "$folder"
}
