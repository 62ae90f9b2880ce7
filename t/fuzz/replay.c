
/*
 * Replays a corpus without a fuzzer: each file named on the command line is
 * given to the target once, in a block of exactly its size, so that a read
 * behind its end is caught.  No file at all is a failure.
 */


#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static int replay_file(const char *name);


int
main(int argc, char **argv)
{
    int  i;

    if (argc < 2) {
        fprintf(stderr, "%s: no corpus\n", argv[0]);
        return 1;
    }

    for (i = 1; i < argc; i++) {
        if (replay_file(argv[i]) != 0) {
            fprintf(stderr, "%s: cannot read \"%s\"\n", argv[0], argv[i]);
            return 1;
        }
    }

    printf("%s: %d inputs replayed\n", argv[0], argc - 1);

    return 0;
}


static int
replay_file(const char *name)
{
    int       rc;
    FILE     *file;
    long      size;
    uint8_t  *data;

    file = fopen(name, "rb");
    if (file == NULL) {
        return -1;
    }

    rc = -1;
    data = NULL;

    if (fseek(file, 0, SEEK_END) != 0) {
        goto done;
    }

    size = ftell(file);

    if (size < 0 || fseek(file, 0, SEEK_SET) != 0) {
        goto done;
    }

    data = malloc(size);

    if (data == NULL || fread(data, 1, size, file) != (size_t) size) {
        goto done;
    }

    LLVMFuzzerTestOneInput(data, size);

    rc = 0;

done:

    free(data);
    fclose(file);

    return rc;
}
