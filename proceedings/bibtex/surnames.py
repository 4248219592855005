"""Common family names of one syllable in languages that write the family name first. Pure data.

Used only to detect names that were split at the wrong place. A missing name costs one doubt.
"""

_TEXT = """
ahn bae bai bao bui cai cao chan chang chen cheng cheung chiang cho choi chong chow chu chung cui dai dang deng
ding dinh dong du duan duong fan fang feng fu gan gao ge geng gong gu guan guo han hao he ho hoang hong hou hsu
hu hua huang huynh hwang jang jeon jeong ji jia jiang jin jung kang kim ko kong kuang kuo kwon lai lam lau lee
lei leung li liang liao lim lin ling liu lu luo luu lyu ma mao meng miao mo mou ng ngo nguyen nie niu oh ouyang
pan park peng pham phan pu qi qian qiao qin qiu qu ren ruan seo shao shen sheng shi shin song su sun tan tang
tao teh teng tian tong tran tsai tu vo vu wan wang wei wen weng wong wu xia xiang xiao xie xing xiong xu xue
yan yang yao ye yeh yi yin yoo yoon you yu yuan yue yun zeng zha zhai zhan zhang zhao zheng zhong zhou zhu
zhuang zou
"""
COMMON = frozenset(_TEXT.split())
