# Makes the file system of a task and runs its command there; started inside a mount namespace of its own.
#
#   sandbox.sh ROOT APP SECRETS CGROUP COMMAND…
#
# ROOT: an empty folder to build on. APP: what the task sees as /app. SECRETS: what it sees under
# /var/run/secrets/kubernetes.io/serviceaccount ("" for nothing). CGROUP: the memory cgroup to join ("" for none).
# Everything else is the machine's own, but for /app and /run, which are empty in a pod too.
set -eu
root=$1 app=$2 secrets=$3 cgroup=$4
shift 4
[ -z "$cgroup" ] || echo $$ >"$cgroup/cgroup.procs"
mount -t tmpfs -o mode=755 sandbox "$root"
for entry in /*; do
  name=${entry#/}
  case $name in app | run) continue ;; esac
  if [ -L "$entry" ]; then
    cp -P "$entry" "$root/$name"
  elif [ -d "$entry" ]; then
    mkdir "$root/$name"
    mount --rbind "$entry" "$root/$name"
  fi
done
mkdir "$root/app" "$root/run"
mount --rbind "$app" "$root/app"
[ -L /var/run ] || mount -t tmpfs -o mode=755 sandbox "$root/var/run"
if [ -n "$secrets" ]; then
  target=$root/run/secrets/kubernetes.io
  [ -L /var/run ] || target=$root/var/run/secrets/kubernetes.io
  mkdir -p "$target"
  cp -r "$secrets" "$target/serviceaccount"
fi
exec chroot "$root" /bin/sh -c 'cd /app && exec "$@"' sh "$@"
