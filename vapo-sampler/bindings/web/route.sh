# How this machine can build for WebAssembly. Sourced by `toolchain` and `build`.

target=wasm32-unknown-unknown
. "$(dirname "${BASH_SOURCE[0]}")/../../firmware/route.sh"

# Whether the compiler on the path brings the target's library.
target_installed() {
    [ -d "$(rustc --print target-libdir --target "$target" 2> /dev/null)" ]
}
