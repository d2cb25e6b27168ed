# Sourced by ./demo and ./test: a virtual environment in .venv, made once, with Python 3.11 or later.
python=""
for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3 python; do
  if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ ! -x .venv/bin/python ]; then
  if [ -z "$python" ]; then
    echo "auricle needs Python 3.11 or later; install it, or name it: PYTHON=/path/to/python $0" >&2
    exit 2
  fi
  echo "Making a virtual environment in .venv with $($python --version)…" >&2
  "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --upgrade pip
fi

install() {
  echo "Installing $* (a few minutes the first time)…" >&2
  .venv/bin/python -m pip install --quiet --constraint constraints.txt "$@"
}
