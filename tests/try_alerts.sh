#!/usr/bin/env bash
# Loads the alert rules into a real Prometheus, lets it scrape a hub with a viewer's token, and waits until a rule
# fires: somebody guesses passwords. try_alerts.sh TENON
set -euo pipefail
tenon=$(readlink -f "$1")
here=$(dirname "$(readlink -f "$0")")
. "$here/scratch_hub.sh"
start_hub "$tenon"

cp "$here"/../deploy/prometheus/*.yml "$folder"
"$tenon" token create prometheus --config "$folder/config" > "$folder/tenon.token"
# Sooner than in earnest, and at this hub's address.
sed -i -e 's/15s/1s/' -e "s/127.0.0.1:8383/$address/" "$folder/prometheus.yml"
promtool check config "$folder/prometheus.yml"
port=$((20000 + RANDOM % 20000))
prometheus --config.file "$folder/prometheus.yml" --storage.tsdb.path "$folder/tsdb" \
    --web.listen-address "127.0.0.1:$port" 2> "$folder/prometheus.log" &
prometheus=$!
trap 'kill "$prometheus" 2>/dev/null || true; stop_hub' EXIT

# ask PATH PYTHON: waits until an expression over the answer's `data` is true.
ask() {
    for _ in $(seq 120); do
        if curl -sf "http://127.0.0.1:$port/api/v1/$1" | python3 -c "import json, sys
data = json.load(sys.stdin)['data']
sys.exit(not ($2))" 2> /dev/null; then
            return 0
        fi
        sleep 0.5
    done
    echo "never came true: $1: $2" >&2
    curl -s "http://127.0.0.1:$port/api/v1/$1" >&2
    exit 1
}

ask targets "any(target['health'] == 'up' for target in data['activeTargets'])"
echo "scraped: $(curl -s "http://127.0.0.1:$port/api/v1/query?query=count(%7Bjob%3D%22tenon%22%7D)" \
    | python3 -c "import json, sys; print(json.load(sys.stdin)['data']['result'][0]['value'][1])") series"
ask query?query=tenon_component_state "len(data['result']) > 0"
rules=$(grep -c 'alert:' "$folder/tenon.rules.yml")
ask rules "sum(len(group['rules']) for group in data['groups']) == $rules"
guess() {
    curl -s -o "$folder/answer" -H 'content-type: application/json' -d '{"user":"root","password":"guess"}' \
        "http://$address/api/v1/session"
}
# From a value that Prometheus has seen: an increase needs one before it.
ask 'query?query=tenon_sign_ins_total' "len(data['result']) == 4"
for _ in $(seq 100); do guess; done
ask alerts "any(alert['labels']['alertname'] == 'TenonSignInsRefused' and alert['state'] == 'firing' for alert in data['alerts'])"
echo 'fired: TenonSignInsRefused'
