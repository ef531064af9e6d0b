// What the parsers of our magics say: by magic its options, and how many words each takes; and what
// may stand alone behind %track. Written by `python -m tests.page.magic_options`.

/** @type {Record<string, Record<string, number>>} */
export const OPTIONS = {
  "%%track": {
    "-e": 1,
    "--experiment": 1,
    "-t": 1,
    "--tag": 1,
    "-m": 1,
    "--note": 1,
    "--metrics": 1,
    "--artifacts": 99,
    "--no-warn": 1,
    "--quiet": 0,
    "--live": 0,
  },
  "%track": {
    "-e": 1,
    "--experiment": 1,
    "-t": 1,
    "--tag": 1,
    "-m": 1,
    "--note": 1,
    "--metrics": 1,
    "--artifacts": 99,
    "--no-warn": 1,
    "--quiet": 0,
    "--live": 0,
  },
  "%runs": {
    "--sort": 1,
    "--top": 1,
    "--all": 0,
    "--charts": 0,
    "-e": 1,
    "--experiment": 1,
  },
  "%compare": { "--baseline": 1 },
  "%experiment": {},
  "%registry": {},
};

export const COMMANDS = ["on", "off", "status", "quiet", "last", "drop", "restore", "load", "stop"];
