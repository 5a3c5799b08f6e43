/** Shell scripts that fill an image's root with what packages have. */

/** Unpacks member $4 of npm's package $2, whose archive has the SHA-256 $3, into folder $5. Works in folder $1. */
export const unpackNpm = `
  cd "$1"; mkdir -p npm "$5"; cd npm
  npm pack --silent "$2"
  echo "$3 $(echo *.tgz)" | sha256sum --check
  tar -xzf *.tgz --no-same-owner -C "$5" --strip-components=2 "$4"`;

/** Unpacks archive $2 of Maven, which has the SHA-256 $3, into folder $4. Works in folder $1. */
export const unpackMaven = `
  cd "$1"; mkdir -p maven "$4"
  mvn --batch-mode --no-transfer-progress -Dmaven.repo.local="$1/maven/repository" \\
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy -Dartifact="$2" -DoutputDirectory="$1/maven"
  cd maven
  echo "$3 $(echo *.tar.gz)" | sha256sum --check
  tar -xzf *.tar.gz --no-same-owner -C "$4" --strip-components=1`;

/** Copies the jars of artifacts $4... of Maven, which together have the SHA-256 $2, into folder $3. Works in folder $1. */
export const copyJars = `
  work=$1 sha256=$2 to=$3; shift 3
  mkdir -p "$work/jars" "$to"; cd "$work/jars"
  {
    echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    echo '<groupId>lab</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging><dependencies>'
    for one; do
      echo "$one" | sed -E 's|(.*):(.*):(.*)|<dependency><groupId>\\1</groupId><artifactId>\\2</artifactId><version>\\3</version></dependency>|'
    done
    echo '</dependencies></project>'
  } >pom.xml
  mvn --batch-mode --no-transfer-progress -Dmaven.repo.local="$work/jars/repository" \\
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$to"
  cd "$to"
  LC_ALL=C sha256sum *.jar | tee "$work/jars/list"
  echo "$sha256 $work/jars/list" | sha256sum --check`;

/** Installs packages of PyPI into /opt/python of root $2; their programs begin with the image's own Python. Works in folder $1. */
export const installPython = `
  work=$1 root=$2; shift 2
  /usr/bin/python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q --disable-pip-version-check --no-compile --target "$root/opt/python" "$@"
  if [ -d "$root/opt/python/bin" ]; then sed -i '1s|^#!.*python.*|#!/usr/bin/python3|' "$root"/opt/python/bin/*; fi`;

/**
 * Compiles the modules of root $1, as Debian's scripts and pip would: nobody in a container may write there, so each start would compile
 * them again. Without times, as layers change those.
 */
export const compilePython = `
  cd "$1"
  for folder in usr/lib/python3* opt/python; do
    [ -d "$folder" ] || continue
    # Some packages have files for other Pythons, which do not compile.
    /usr/bin/python3 -m compileall -q -s "$1" -p / --invalidation-mode unchecked-hash "$folder" || true
  done
  [ -n "$(find usr/lib/python3* -name '*.pyc' -print -quit)" ]`;

/**
 * Unpacks packages into root $2 with what they depend on: to apt's eyes nothing is installed. Works in folder $1, and with the
 * machine's own settings of apt.
 */
export const unpack = `
  work=$1 root=$2; shift 2
  mkdir -p "$work/debs/partial"; : >"$work/status"
  download() {
    apt-get install -y -q --download-only --no-install-recommends -o Dpkg::Use-Pty=0 -o Debug::NoLocking=1 \\
      -o Dir::State::status="$work/status" -o Dir::Cache::archives="$work/debs" "$@"
  }
  # One at a time, also next to the installation of packages.
  download "$@" || { flock /run/lock/orrery-packages apt-get update -q; download "$@"; }
  mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64"
  for name in bin sbin lib lib64; do ln -s usr/$name "$root/$name"; done
  for deb in "$work"/debs/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$root"; done
  cd "$root" && rm -rf usr/share/doc usr/share/man usr/share/locale usr/share/info usr/share/lintian`;
