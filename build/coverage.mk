# gcc's counters; each worker writes them when it leaves

MODULE_CFLAGS = -g -O0 --coverage -DNGX_AIDIAL_DEBUG=1
MODULE_LDFLAGS = --coverage
