/*
 * tke: the procedures of a key ceremony on the command line.
 */
#include "tke/program.h"

int
main(int argc, char **argv)
{
    return tke_cli_program(argc, argv, TKE_PROCESS_DEFAULT);
}
