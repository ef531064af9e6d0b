"""Small hard cases of provenance, as cells; the last cell binds `r`."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """*needed* are the numbers of the cells that the slice of the last one must hold."""

    name: str
    cells: list[str]
    needed: set[int]


# fmt: off
CASES = [
    Case("alias append", ["a=[1]", "b=a", "b.append(2)", "z=1", "r=sum(a)"], {0, 1, 2, 4}),
    Case("method changes model of another cell", [
        "from sklearn.linear_model import LinearRegression\n"
        "import numpy as np\n"
        "X=np.arange(8.).reshape(4,2);y=X[:,0]",
        "m=LinearRegression()",
        "m.fit(X,y)",
        "q=5",
        "r=m.predict(X).sum()",
    ], {0, 1, 2, 4}),
    Case("df.drop inplace through alias", [
        "import pandas as pd\ndf=pd.DataFrame({'a':[1,2],'b':[3,4]})",
        "g=df",
        "g.drop(columns='b',inplace=True)",
        "r=df.shape[1]",
    ], {0, 1, 2, 3}),
    Case("numpy view", [
        "import numpy as np\nA=np.zeros(10)",
        "v=A[2:5]",
        "v[:]=7",
        "r=A.sum()",
    ], {0, 1, 2, 3}),
    Case("sparse write huge", [
        "import numpy as np\nA=np.zeros(4_000_000)",
        "def f(a): a[12345]=1",
        "f(A)",
        "r=A.sum()",
    ], {0, 1, 2, 3}),
    Case("global in function", [
        "n=0",
        "def inc():\n    global n\n    n+=1",
        "inc()",
        "inc()",
        "r=n",
    ], {0, 1, 2, 3, 4}),
    Case("function chain", [
        "def g(x): return x+1",
        "def f(x): return g(x)",
        "def g(x): return x+2",
        "r=f(1)",
    ], {1, 2, 3}),
    Case("class with base", [
        "class A:\n    w=2",
        "class B(A):\n    def go(self): return self.w*h()",
        "def h(): return 3",
        "r=B().go()",
    ], {0, 1, 2, 3}),
    Case("partial", [
        "from functools import partial\ndef p(a,b): return a*b+c0",
        "q=partial(p,2)",
        "c0=1",
        "r=q(3)",
    ], {0, 1, 2, 3}),
    Case("star import", ["from math import *", "z=3", "r=sqrt(4)"], {0, 2}),
    Case("globals() trick", ["globals()['w']=3", "r=w"], {0, 1}),
    Case("globals() read", ["w=3", "r=globals()['w']"], {0, 1}),
    Case("getattr string", [
        "class O: pass\no=O()",
        "setattr(o,'v',4)",
        "r=getattr(o,'v')",
    ], {0, 1, 2}),
    Case("del and rebind", ["x=1", "del x", "x=2", "r=x"], {2, 3}),
    Case("comprehension shadow", ["x=1", "y=[x for x in range(3)]", "r=sum(y)"], {1, 2}),
    Case("numpy global rng", [
        "import numpy as np\nnp.random.seed(0)",
        "a=np.random.rand()",
        "b=np.random.rand()",
        "r=np.random.rand()",
    ], {0, 1, 2, 3}),
    Case("Generator object", [
        "import numpy as np\nrng=np.random.default_rng(0)",
        "a=rng.random(3)",
        "zz=2",
        "r=rng.random()",
    ], {0, 1, 3}),
    Case("python random", [
        "import random\nrandom.seed(3)",
        "random.random()",
        "r=random.random()",
    ], {0, 1, 2}),
    Case("pandas option", [
        "import pandas as pd",
        "pd.set_option('display.precision',2)",
        "r=repr(pd.Series([1.23456]))",
    ], {0, 1, 2}),
    Case("module attribute", [
        "import json",
        "json.dumps_=json.dumps\njson.X=5",
        "r=json.X",
    ], {0, 1, 2}),
    Case("cwd by magic", [
        "import os\nos.makedirs('sub',exist_ok=True)",
        "%cd sub",
        "r=os.path.basename(os.getcwd())",
    ], {0, 1, 2}),
    Case("file written then read", [
        "open('t.txt','w').write('5')",
        "u=1",
        "r=int(open('t.txt').read())",
    ], {0, 2}),
    Case("pickle of joblib", [
        "import joblib\njoblib.dump([1,2],'m.pkl')",
        "r=joblib.load('m.pkl')[1]",
    ], {0, 1}),
    Case("shell writes file", ["!echo 7 > s.txt", "r=int(open('s.txt').read())"], {0, 1}),
    Case("run magic", ["open('rr.py','w').write('w=4')", "%run rr.py", "r=w"], {0, 1, 2}),
    Case("timeit cell magic", ["x=3", "%%time\ny=x+1", "r=y"], {0, 1, 2}),
    Case("Out[]", ["5", "_+1", "r=Out[2]"], {0, 1, 2}),
    Case("underscore", ["5", "r=_+1"], {0, 1}),
    Case("generator over names", [
        "k=1\ng=(i*k for i in range(3))",
        "next(g)",
        "k=2",
        "r=next(g)",
    ], {0, 1, 2, 3}),
    Case("deque", [
        "from collections import deque\nd=deque()",
        "d.append(2)",
        "r=d[0]",
    ], {0, 1, 2}),
    Case("nested list deep", [
        "a=[[[[1]]]]",
        "a[0][0][0].append(2)",
        "r=len(a[0][0][0])",
    ], {0, 1, 2}),
    Case("deep by function", [
        "a=[[[[[1]]]]]",
        "def f(z): z[0][0][0][0].append(2)",
        "f(a)",
        "r=len(a[0][0][0][0])",
    ], {0, 1, 2, 3}),
    Case("functools cache", [
        "from functools import lru_cache\n@lru_cache\ndef f(x): return x*k",
        "k=2",
        "f(1)",
        "k=3",
        "r=f(1)",
    ], {0, 1, 2, 4}),
    Case("class attribute counter", [
        "class A:\n    n=0\n    def __init__(self): A.n+=1",
        "A()",
        "r=A.n",
    ], {0, 1, 2}),
    Case("failed half", ["x=1", "x=2\n1/0", "r=x"], {1, 2}),
    Case("plot state not needed", [
        "import matplotlib.pyplot as plt\nimport numpy as np",
        "plt.plot([1,2])",
        "fig,ax=plt.subplots()",
        "ax.plot([1])",
        "r=1",
    ], {4}),
    Case("warnings filter only", [
        "import warnings",
        "warnings.simplefilter('ignore')",
        "r=2",
    ], {2}),
    Case("async await", ["import asyncio\nasync def f(): return 4", "r=await f()"], {0, 1}),
    Case("inplace set column", [
        "import pandas as pd\ndf=pd.DataFrame({'a':[1,2]})",
        "df['b']=df.a*2",
        "q=1",
        "r=int(df.b.sum())",
    ], {0, 1, 3}),
    Case("df.loc", [
        "import pandas as pd\ndf=pd.DataFrame({'a':[1,2]})",
        "df.loc[0,'a']=9",
        "r=int(df.a.sum())",
    ], {0, 1, 2}),
    Case("shuffle in place", [
        "import random\nl=list(range(5))\nrandom.seed(1)",
        "random.shuffle(l)",
        "r=l[0]",
    ], {0, 1, 2}),
    Case("read only does not count", [
        "a=[1,2]",
        "print(len(a))",
        "b=sorted(a)",
        "r=a[0]",
    ], {0, 3}),
    Case("redefined import", ["import math as m", "import cmath as m", "r=m.sqrt(4)"], {1, 2}),
    Case("conditional binding", ["flag=True", "x=0", "if flag: x=1", "r=x"], {0, 1, 2, 3}),
    Case("decorator", [
        "def deco(f): return lambda *a: f(*a)+k",
        "k=1",
        "@deco\ndef f(x): return x",
        "k=5",
        "r=f(1)",
    ], {0, 2, 3, 4}),
    Case("string call of method name", [
        "class M:\n    def fit(self): self.c=1\nm=M()",
        "getattr(m,'fit')()",
        "r=m.c",
    ], {0, 1, 2}),
]
# fmt: on
