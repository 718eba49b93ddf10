module pulumi-modelstore/bench/sink

go 1.22
