/** The least that a Deno process can do. */
