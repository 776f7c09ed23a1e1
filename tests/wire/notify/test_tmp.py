import asyncio
from tests.store.notify.world import opened, phone
async def test_latency(wired):
    async with wired.running("sender"):
        for n in range(100):
            await wired.tell(opened(await wired.party(phone(f"+86139000010{n:02}"))))
            await asyncio.sleep(0.02)
        await wired.until_states(delivered=100)
    rows = await wired.bench.rows("select extract(epoch from a.started_at - m.accepted_at), extract(epoch from m.submitted_at-m.accepted_at), extract(epoch from m.ended_at-m.accepted_at) from message m join attempt a on a.message_id=m.id")
    for i,n in enumerate(("claimed","submitted","delivered")):
        v=sorted(float(r[i]) for r in rows); print(n, v[50], v[98])
