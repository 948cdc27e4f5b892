/*
 * What the two halves of the output share: values and results, and tables (output-table.c).
 */
#pragma once

#include "tke/output.h"

struct TkeCliOutput {
    bool json;
    bool rehearsal;
    bool quiet;
    char *failure; /* what failed though no error was told; NULL: nothing */
    JsonObject *root;
    GPtrArray *groups; /* JsonObject, innermost last; borrowed from root */
    /* the table that is open */
    const char *table_key;
    const TkeCliColumn *columns;
    unsigned n_columns;
    GPtrArray *rows; /* char ** */
};

JsonObject *tke_cli_output_innermost(TkeCliOutput *out); /* borrowed */
bool tke_cli_output_prints_text(const TkeCliOutput *out);
