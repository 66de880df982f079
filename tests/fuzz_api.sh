#!/usr/bin/env bash
# Lets schemathesis ask a hub whatever its OpenAPI document allows, and what it does not: no answer may be a
# failure of the server's, and each is as the document says. fuzz_api.sh TENON [EXAMPLES]; TENON_FUZZ_TOOLS names a venv that has schemathesis.
set -euo pipefail
tenon=$(readlink -f "$1")
. "$(dirname "$(readlink -f "$0")")/scratch_hub.sh"
start_hub "$tenon"

tools=${TENON_FUZZ_TOOLS:-$folder/tools}
if [ ! -x "$tools/bin/schemathesis" ]; then
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet 'schemathesis>=4,<5'
fi
# It keeps what it found where it runs.
cd "$folder"
"$tools/bin/schemathesis" run "http://$address/openapi.json" --url "http://$address" \
    --header "Authorization: Bearer $TENON_TOKEN" --continue-on-failure \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --phases examples,coverage,fuzzing --max-examples "${2:-25}" --seed 1 --no-color
if grep -E '"level":"ERROR"|panicked' "$folder/log" >&2; then
    echo 'the hub logged errors' >&2
    exit 1
fi
