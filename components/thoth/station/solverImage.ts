/** Dockerfile of the solvers, whose repository has none. */

/**
 * Installs thoth-solver with the versions of its lock file. It works in its home folder, with any user id.
 * @param prepare commands of root before that
 */
export function solverDockerfile(prepare: readonly string[]): string {
  const sources = "/tmp/thoth-solver";
  const commands = [
    ...prepare,
    `cd ${sources}`,
    // Its pip-tools imports what later versions of pip do not have.
    "python3 -m pip install pip==19.2.3 micropipenv==1.0.1",
    "python3 -m micropipenv install",
    "python3 -m pip install --no-deps .",
    `rm -rf ${sources}`,
    "mkdir -p /home/solver",
    "chmod 0777 /home/solver",
  ];
  return [
    // The build puts the image that it starts from in its place.
    "FROM scratch",
    "USER 0",
    `COPY ./ ${sources}/`,
    `RUN ${commands.join(" && ")}`,
    "ENV HOME=/home/solver LANG=C.UTF-8",
    "WORKDIR /home/solver",
    "USER 1000",
    'ENTRYPOINT ["thoth-solver"]',
    'CMD ["pypi"]',
    "",
  ].join("\n");
}
