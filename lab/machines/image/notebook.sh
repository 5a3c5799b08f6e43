#!/bin/sh
# Runs inside the new root: packs Python and a notebook server into a container image that `docker load` takes.
# May be run again after an interruption. Arguments: the image's name and tag, the server's Python environment.
set -eu
name=$1 venv=$2
images=/var/lib/callysto/images
tree=/tmp/notebook
[ -d "$venv" ] || exit 0

rm -rf "$tree"
mkdir -p "$tree/bin" "$tree/usr/bin" "$tree/usr/lib" "$tree/etc/jupyter" "$tree/home/jupyter" "$tree$(dirname "$venv")" "$images"
install -d -m 1777 "$tree/tmp"
cp -a "$venv" "$tree$venv"
cp -a /usr/bin/python3 /usr/bin/python3.11 "$tree/usr/bin/"
cp -a /usr/lib/python3.11 "$tree/usr/lib/"
cp -a /bin/busybox "$tree/bin/"
for applet in sh env ls cat dd df id; do ln -s busybox "$tree/bin/$applet"; done
# Loading an image into an emulated machine costs by the file and by the byte, so what no server needs stays out: the hub's
# own pages, tests, sources beside what Python compiled of them, symbols.
site=$tree$venv/lib/python3.11/site-packages
rm -rf "$tree$venv/share/jupyterhub" "$tree$venv/share/man" "$site/tzdata" \
  "$site/debugpy" "$site/jedi/third_party" "$site"/pip* "$site"/setuptools* "$site/pkg_resources" \
  "$site/_distutils_hack" "$site/distutils-precedence.pth"
find "$tree" -depth \( -name tests -o -name test -o -name ensurepip -o -name lib2to3 -o -name __pycache__ \) -type d -exec rm -rf {} +
find "$tree" \( -name '*.map' -o -name RECORD \) -delete
python3 -m compileall -b -q -s "$tree" "$tree/usr/lib/python3.11" "$site" || true # some packages bring templates named *.py
find "$tree/usr/lib/python3.11" "$site" -name '*.py' | while read -r file; do [ ! -e "${file}c" ] || rm "$file"; done
find "$tree" \( -name '*.so*' -o -name python3.11 \) -type f -exec ldd {} + 2>/dev/null |
  awk '$2 == "=>" && $3 ~ "^/" { print $3 } $1 ~ "^/lib64/" { print $1 }' | sort -u | while read -r library; do
    case $library in "$tree"* | "$venv"*) ;; *) cp -L --parents "$library" "$tree" ;; esac
  done
find "$tree" \( -name '*.so*' -o -name python3.11 \) -type f -exec strip --strip-unneeded {} +
echo 'root:x:0:0:root:/:/bin/sh
jupyter:x:9999:9999::/home/jupyter:/bin/sh' >"$tree/etc/passwd"
echo 'root:x:0:
jupyter:x:9999:' >"$tree/etc/group"
echo '{"ServerApp": {"jpserver_extensions": {"nbclassic": true}, "default_url": "/tree"},
 "NotebookApp": {"extra_template_paths": ["/opt/notebook/local_templates"]}}' >"$tree/etc/jupyter/jupyter_server_config.json"
chown -R 9999:9999 "$tree/home/jupyter"

# One layer in the form that `docker save` writes.
pack=/tmp/notebook-image
rm -rf "$pack" && mkdir "$pack"
tar -C "$tree" --sort=name --numeric-owner --mtime=@0 -cf "$pack/layer.tar" .
layer=$(sha256sum "$pack/layer.tar" | cut -d' ' -f1)
cat >"$pack/config.json" <<END
{"architecture": "amd64", "os": "linux", "created": "1970-01-01T00:00:00Z",
 "config": {"User": "9999:9999", "WorkingDir": "/home/jupyter", "ExposedPorts": {"8888/tcp": {}}, "Cmd": ["jupyterhub-singleuser"],
  "Env": ["PATH=$venv/bin:/usr/bin:/bin", "HOME=/home/jupyter", "LC_ALL=C.UTF-8",
          "JUPYTERHUB_SINGLEUSER_APP=jupyter_server.serverapp.ServerApp"]},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$layer"]}, "history": [{"created": "1970-01-01T00:00:00Z"}]}
END
echo "[{\"Config\": \"config.json\", \"RepoTags\": [\"$name\"], \"Layers\": [\"layer.tar\"]}]" >"$pack/manifest.json"
archive=$images/$(echo "$name" | tr '/:' '__').tar
tar -C "$pack" --sort=name --numeric-owner --mtime=@0 -cf "$archive.part" manifest.json config.json layer.tar
mv "$archive.part" "$archive"
rm -rf "$tree" "$pack" "$venv"
