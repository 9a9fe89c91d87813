# Two classes
@problemName Two
@timeStamps false
@missing true
@univariate true
@equalLength true
@seriesLength 6
@classLabel true up down
@data
0,1,2,0,4,7:down
1,1,2,1,4,7:up
2,1,2,4,4,7:down
3,1,2,9,?,7:up
4,1,2,16,4,7:down
5,1,2,25,4,7:up
6,1,2,36,4,7:down
7,1,2,49,4,7:up
8,1,2,64,4,7:down
9,1,2,81,4,7:up
10,1,2,100,4,7:down
11,1,2,121,4,7:up
