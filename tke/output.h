/*
 * What a command prints: tables and lines for people, or one JSON object for programs.
 *
 * Commands say what there is to tell once; the same values become a table with headings or an
 * array of objects. Keys are never translated, headings are. Everything goes to standard output;
 * errors of a command too (FAILED and the reason), as the original does.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

typedef struct TkeCliOutput TkeCliOutput;

/* What a cell may begin with; they stand in no text that is printed. */
#define TKE_CLI_MARK "\x02" /* the cell differs; before the other one */
#define TKE_CLI_NULL "\x01" /* JSON null; what follows is for people */

typedef enum {
    TKE_CLI_TEXT,
    TKE_CLI_WORD,    /* one of ours, marked for translation (N_): translated in a table only */
    TKE_CLI_NUMBER,  /* JSON: number */
    TKE_CLI_BOOL,    /* tke_cli_output_bool(); translated in a table */
    TKE_CLI_PATTERN, /* 64 hex digits: two lines of 32 in a table */
    TKE_CLI_GROUPED, /* the same in groups of four, to be read aloud (F-032) */
} TkeCliCell;

typedef struct TkeCliColumn {
    const char *key; /* JSON member; NULL: for people only */
    /* translated by the output; upper case as the original prints it; NULL: in JSON only */
    const char *heading;
    TkeCliCell kind;
} TkeCliColumn;

TkeCliOutput *tke_cli_output_new(bool json, bool rehearsal, bool quiet);
void tke_cli_output_free(TkeCliOutput *out);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeCliOutput, tke_cli_output_free)

/* A line for people, one whatever is in it; nothing in JSON. */
void tke_cli_output_line(TkeCliOutput *out, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Lines for people that are all ours; nothing in JSON. */
void tke_cli_output_text(TkeCliOutput *out, const char *text);

/* "Heading: value" for people, a member for programs. */
void tke_cli_output_value(TkeCliOutput *out, const char *key, const char *heading,
                          const char *value);
/* The same of a word of ours, marked for translation (N_): only people get the translation. */
void tke_cli_output_word(TkeCliOutput *out, const char *key, const char *heading, const char *word);
/* The same of hex digits: in groups of four for people, to be read aloud (F-032). */
void tke_cli_output_digits(TkeCliOutput *out, const char *key, const char *heading,
                           const char *digits);
void tke_cli_output_number(TkeCliOutput *out, const char *key, const char *heading, gint64 value);
void tke_cli_output_flag(TkeCliOutput *out, const char *key, const char *heading, bool value);

/* For people: FAILED and this instead of OK, where the error was told already by a part of it. */
void tke_cli_output_set_failure(TkeCliOutput *out, const char *text);

/* The cell of a column of TKE_CLI_BOOL. */
const char *tke_cli_output_bool(bool value);

/*
 * A table: begin, then a row at a time with as many cells as columns (NULL cell: TKE_CLI_NULL),
 * end. A cell that begins with TKE_CLI_MARK is marked as differing: "*" before it in a table,
 * member "differs" listing its key in JSON. Without rows the line none is printed instead, if
 * given.
 */
void tke_cli_output_table_begin(TkeCliOutput *out, const char *key, const TkeCliColumn *columns,
                                unsigned n_columns);
void tke_cli_output_row(TkeCliOutput *out, const char *const *cells);
void tke_cli_output_table_end(TkeCliOutput *out, const char *none);

/* A line that is a JSON object already: as it is for people, an element of an array for
 * programs. */
void tke_cli_output_json_line(TkeCliOutput *out, const char *key, const char *line);

/* Groups what follows under an element of an array (one service instance, one reader). */
void tke_cli_output_group_begin(TkeCliOutput *out, const char *key);
/* The same for an element named by one of its members: taken up again if it is there already. */
void tke_cli_output_group_resume(TkeCliOutput *out, const char *key, const char *member,
                                 const char *value);
void tke_cli_output_group_end(TkeCliOutput *out);

/* The command was a dry run that has told this plan (texts): members "dry_run" and "plan", a line
 * for people. */
void tke_cli_output_dry_run(TkeCliOutput *out, const GPtrArray *plan);

/*
 * Ends the command: OK or FAILED and the error with its advice; JSON is printed now. error may be
 * NULL. head is the head of the activity log, or NULL.
 */
void tke_cli_output_finish(TkeCliOutput *out, const char *command, int exit_code,
                           const GError *error, const char *advice, const char *head);

/* What was printed so far leaves the program; an error if some of it did not arrive (a full disk,
 * a closed pipe). */
bool tke_cli_output_flush(GError **error);
