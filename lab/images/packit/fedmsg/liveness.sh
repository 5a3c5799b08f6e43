#!/bin/bash
# Dead only if a message has arrived before, and none since.
file=${LIVENESS_FILE:-/tmp/liveness}
[ ! -f "$file" ] || [ -z "$(find "$file" -mmin "+${LIVENESS_TIMEOUT:-5}")" ]
