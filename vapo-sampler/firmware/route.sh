# How this machine can build for the boards. Sourced by `toolchain` and `cargo`.

# Those that the boards' folders name.
mapfile -t targets < <(sed -n 's/^target = "\(.*\)"$/\1/p' "$(dirname "${BASH_SOURCE[0]}")"/*/.cargo/config.toml | sort -u)

# Whether the compiler on the path brings the library of every target.
targets_installed() {
    local target
    for target in "${targets[@]}"; do
        [ -d "$(rustc --print target-libdir --target "$target" 2> /dev/null)" ] || return
    done
}

# Whether Debian's own compiler, its library's sources and a linker are there.
debian_sources_installed() {
    [ -x /usr/bin/cargo ] && [ -x /usr/bin/lld ] &&
        [ -d "$(/usr/bin/rustc --print sysroot 2> /dev/null)/lib/rustlib/src/rust/library/core" ]
}
