#!/usr/bin/env bash
# The browser in which people's ways through the console are followed.
#
#   deploy/browser.sh ensure    find Chromium, or install it; prints `export CHROMIUM=PATH`
#
# Looked for in CHROMIUM (if it is set, it must be one), then on the PATH, then, as root with apt-get, installed
# from the distribution's packages. stdout is data (`eval "$(deploy/browser.sh ensure)"`), stderr is talk.
#
# Exit codes: 0 it is there, 2 wrong usage, 3 there is none.
set -euo pipefail

talk() { printf 'browser: %s\n' "$*" >&2; }
missing() { talk "$*"; exit 3; }

# found: the path of the browser that is here, if any.
found() { command -v "${CHROMIUM:-chromium}" || { [[ -z ${CHROMIUM:-} ]] && command -v chromium-browser; }; }

[[ ${1:-} == ensure && $# == 1 ]] || { talk 'usage: deploy/browser.sh ensure'; exit 2; }
if ! found >/dev/null; then
    [[ -z ${CHROMIUM:-} ]] || missing "CHROMIUM=$CHROMIUM is no program; set it to a Chromium, or unset it"
    [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null ||
        missing 'no Chromium here; install the package `chromium`, or set CHROMIUM to its path'
    talk 'installing the package chromium'
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update --quiet && apt-get install --quiet --yes --no-install-recommends chromium; } >&2 ||
        missing 'the package `chromium` could not be installed; see above'
fi
printf 'export CHROMIUM=%q\n' "$(found)"
