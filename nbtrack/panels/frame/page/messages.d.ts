// What messages.py declares: written by `python -m tests.page.message_types`.

/** `runs` are those that are not deleted. */
export interface PlacedExperiment {
  id: string;
  name: string;
  runs: number;
}

/** Where one can go: `experiments`, those with the newest run first, and so many `models`. `user` has logged in; "": nobody had to. */
export interface Places {
  user: string;
  project: string;
  experiments: PlacedExperiment[];
  models: number;
}
