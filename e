
 Performance counter stats for '/tmp/wt/rows/build/plain/tests/bench/bench-endpoints --run-at=http://127.0.0.1:18555 --marked --endpoints=20 --seconds=12':

            169310      context-switches                                                   

      13.395255366 seconds time elapsed

       2.836668000 seconds user
       1.891090000 seconds sys


