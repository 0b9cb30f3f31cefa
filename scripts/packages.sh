# Where packages come from; read by setup.sh and lock.sh. uv is many times faster than pip but reads none of pip's settings:
# those that name a place are handed over to it.
hand_over() {
    value=$(.venv/bin/python -m pip config list | sed -n "s/^[^.]*\.$1='\(.*\)'$/\1/p" | head -n 1)
    if [ -n "$value" ] && [ -z "${!2:-}" ]; then export "$2=${value// /,}"; fi
}
hand_over index-url UV_DEFAULT_INDEX
hand_over find-links UV_FIND_LINKS
hand_over cert SSL_CERT_FILE
export VIRTUAL_ENV="$PWD/.venv" UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-180}"

# torch is pinned to its CPU build (+cpu), so that the CUDA one (4 GB) can never slip in. A configured wheel folder or mirror
# that has it comes first, else PyTorch's own CPU index.
torch=$(sed -n 's/^ *"\(torch==[0-9.]*\)",$/\1+cpu/p' pyproject.toml)
if ! .venv/bin/uv pip install --quiet --dry-run --reinstall --no-deps "$torch" 2>/dev/null; then export UV_TORCH_BACKEND=cpu; fi
