"""The steps of the live window that must happen whole or not at all, in Lua, run inside Redis.

An epoch is the writer's number, rising with every writer that opens the broadcast. Who finds a higher one in the state
is a writer that was replaced: it must not write any more.
"""

# KEYS state. ARGV epoch wished, meta, ttl, channel, note. → the epoch that is now mine
OPEN = """
local before = redis.call('HGET', KEYS[1], 'epoch')
local epoch = tonumber(ARGV[1])
if before and tonumber(before) >= epoch then epoch = tonumber(before) + 1 end
redis.call('HSET', KEYS[1], 'epoch', string.format('%.0f', epoch), 'meta', ARGV[2])
redis.call('HSETNX', KEYS[1], 'msn', '0')
redis.call('HSETNX', KEYS[1], 'part', '-1')
redis.call('HSETNX', KEYS[1], 'last', '1')
redis.call('HSETNX', KEYS[1], 'ended', '0')
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return string.format('%.0f', epoch)
"""

# KEYS state, heads, row, inits. ARGV epoch, msn, part, last, discontinuity, head, row, ttl, channel.
# → ok | missing (state lost, or an older writer's) | replaced | gap (the state is not where this row follows on)
APPEND = """
local state = redis.call('HMGET', KEYS[1], 'epoch', 'msn', 'part', 'last')
if not state[1] or not state[2] or tonumber(state[1]) < tonumber(ARGV[1]) then return 'missing' end
if tonumber(state[1]) > tonumber(ARGV[1]) then return 'replaced' end
local msn, part, last = tonumber(state[2]), tonumber(state[3]), state[4] == '1'
local new_msn, new_part = tonumber(ARGV[2]), tonumber(ARGV[3])
if new_msn == msn and new_part == part then return 'ok' end  -- the answer to the first attempt was lost
local follows
if new_part == 0 then
    follows = new_msn == msn + 1 and (last or ARGV[5] == '1')
else
    follows = new_msn == msn and new_part == part + 1 and not last
end
if not follows then return 'gap' end
redis.call('SET', KEYS[3], ARGV[7], 'EX', ARGV[8])
redis.call('HSET', KEYS[2], ARGV[2] .. '.' .. ARGV[3], ARGV[6])
redis.call('HSET', KEYS[1], 'msn', ARGV[2], 'part', ARGV[3], 'last', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[8])
redis.call('EXPIRE', KEYS[2], ARGV[8])
redis.call('EXPIRE', KEYS[4], ARGV[8])
redis.call('PUBLISH', ARGV[9], ARGV[7])
return 'ok'
"""

# KEYS state. ARGV epoch, meta, msn, part, last, ended, ttl, channel, note. → ok | replaced
SEED = """
local before = redis.call('HGET', KEYS[1], 'epoch')
if before and tonumber(before) > tonumber(ARGV[1]) then return 'replaced' end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'meta', ARGV[2], 'msn', ARGV[3], 'part', ARGV[4], 'last', ARGV[5],
    'ended', ARGV[6])
redis.call('EXPIRE', KEYS[1], ARGV[7])
redis.call('PUBLISH', ARGV[8], ARGV[9])
return 'ok'
"""

# KEYS state. ARGV epoch, ttl, channel, note. → ok | missing | replaced
CLOSE = """
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch or tonumber(epoch) < tonumber(ARGV[1]) then return 'missing' end
if tonumber(epoch) > tonumber(ARGV[1]) then return 'replaced' end
redis.call('HSET', KEYS[1], 'ended', '1')
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 'ok'
"""
