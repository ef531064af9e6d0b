// What questions.py declares: written by `python -m tests.page.message_types`.

export type Spoken = number | "NaN" | "Infinity" | "-Infinity";

export type Nothing = Record<string, never>;
