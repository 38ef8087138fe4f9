# shellcheck shell=bash
# Sourced by scripts/run, scripts/test and scripts/kernels: what a machine must have, and how it gets it. Everything said here goes to standard error, so
# that standard output is the program's own. Nothing here asks a question or reads standard input.

say() { echo "$*" >&2; }

# Older ones cannot read Package.swift.
need_swift() {
    local version
    if ! command -v swift >/dev/null; then
        say "vkternary needs Swift 6.1 or newer on the PATH: https://www.swift.org/install"
        exit 1
    fi
    version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | grep -oE '[0-9.]+$' || true)
    if [ -z "$version" ] || [ "$(printf '%s\n' 6.1 "$version" | sort -V | head -n 1)" != 6.1 ]; then
        say "vkternary needs Swift 6.1 or newer; $(command -v swift) is ${version:-of an unknown version}: https://www.swift.org/install"
        exit 1
    fi
}

# Installs those of the named Debian or Ubuntu packages that are missing. Asks dpkg first: a second run does not touch apt.
need_packages() {
    local missing=() name log
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        say "This is no Debian or Ubuntu machine: make sure that it has the equivalents of: $*"
        return
    fi
    for name in "$@"; do
        # 'ii' and 'hi' (held) are installed.
        dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null | grep '^.i' >/dev/null || missing+=("$name")
    done
    if [ ${#missing[@]} = 0 ]; then return; fi

    local root=()
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null; then
            say "Missing packages, and neither root nor sudo to install them. Please have someone run:"
            say "    apt-get install --no-install-recommends ${missing[*]}"
            exit 1
        fi
        root=(sudo)
    fi
    say "Installing with apt: ${missing[*]}"
    log=$(mktemp)
    # A source of somebody else's that does not answer is no reason to stop: the installation tells.
    "${root[@]}" apt-get -q update >"$log" 2>&1 </dev/null || true
    if ! "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
        install "${missing[@]}" >>"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        say "apt could not install: ${missing[*]}"
        exit 1
    fi
    rm -f "$log"
}

# For scripts/kernels: to run with checks, to run another architecture's program, to link one.
need_kernel_tools() {
    need_packages valgrind libc6-dbg qemu-user
    if [ "$(uname -m)" != aarch64 ]; then need_packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross; fi
}

# Whether some Vulkan driver has told the loader about itself.
has_vulkan_driver() {
    local folder
    if [ -n "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ]; then return 0; fi
    for folder in /etc/vulkan /usr/share/vulkan /usr/local/etc/vulkan /usr/local/share/vulkan "${XDG_DATA_HOME:-$HOME/.local/share}/vulkan"; do
        if compgen -G "$folder/icd.d/*.json" >/dev/null; then return 0; fi
    done
    return 1
}
