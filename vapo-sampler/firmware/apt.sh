# How scripts install what they lack. Sourced.

# Ends the script, with its name and the lines given.
fail() {
    printf "${0##*/}: %s\n" "$@" >&2
    exit 1
}

# Installs Debian packages. Fails where that takes a password or is not Debian's business.
apt_install() {
    local sudo=()
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2> /dev/null || fail "run this as root, then start again: apt-get update && apt-get install $*"
        sudo=(sudo -n)
    fi
    echo "${0##*/}: installing $*" >&2
    "${sudo[@]}" apt-get update -qq
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" > /dev/null
}
