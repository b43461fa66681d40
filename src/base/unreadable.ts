const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  ENOTDIR: "a part of the path is no folder",
  ENAMETOOLONG: "the name is too long",
};

/** Why the system would not read a file, in words; undefined where it was not the system that failed. */
export function whyUnreadable(error: unknown): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? undefined : (REASONS[code] ?? code);
}
