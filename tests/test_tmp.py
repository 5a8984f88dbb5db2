from tests.cast import *
from workshops import agenda
async def test_a(database, clock):
    c=await facilitator(database); w=await workshop(database, Stage.VOTING, by=c)
    a=await member_of(database,w); assert a.created_at==clock.at
async def test_b(client, database):
    c=await facilitator(database); w=await workshop(database, Stage.VOTING, by=c)
    b=await signed_in(client,c)
    r=await b.get(f"/ateliers/{w.id}.json"); assert r.status_code==200
    r=await b.post("/deconnexion"); print(r.headers, list(b.cookies.jar)); assert not list(b.cookies.jar)
    r=await client().get("/ateliers/nouveau"); assert r.status_code==303
