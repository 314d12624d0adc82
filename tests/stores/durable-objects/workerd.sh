#!/bin/sh
# workerd, which would go on when miniflare's process has been killed. Linux can end it then.
if command -v setpriv >/dev/null; then
  exec setpriv --pdeathsig KILL "$WORKERD" "$@"
fi
exec "$WORKERD" "$@"
